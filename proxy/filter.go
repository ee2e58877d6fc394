package proxy

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/names"
	"sluice/cluster/query"
	"sluice/cluster/record"
)

const (
	maxGrep  = 1024 // bytes of a regular expression
	maxWhere = 4096 // bytes of a where=, and of all field= together
)

// filter chooses the records that a session gets; nil chooses all.
type filter struct {
	key     string       // the same for the same filter
	level   record.Level // the lowest; 0 for all
	grep    *query.Expression
	terms   []query.Term
	size    int    // steps that all take for each byte of a record, at most
	leveled bool   // a term compares the level
	vm      string // the only consolidator whose records and losses are wanted; "" for all
}

// parseFilter reads what chooses records. It returns nil when nothing does.
func parseFilter(values url.Values) (*filter, error) {
	f := filter{vm: values.Get(httpapi.QueryFromVM)}
	var err error
	if s := values.Get(httpapi.QueryLevel); s != "" {
		if f.level, err = record.ParseLevel(s); err != nil {
			return nil, err
		}
	}
	if s := values.Get(httpapi.QueryGrep); s != "" {
		if len(s) > maxGrep {
			return nil, fmt.Errorf("read grep=: longer than %d bytes", maxGrep)
		}
		if f.grep, err = query.Compile(s); err != nil {
			return nil, fmt.Errorf("read grep=%.80q: %w", s, err)
		}
		f.size = f.grep.Instructions()
	}
	if s := values.Get(httpapi.QueryWhere); s != "" {
		if len(s) > maxWhere {
			return nil, fmt.Errorf("read where=: longer than %d bytes", maxWhere)
		}
		if f.terms, err = query.Parse(s); err != nil {
			return nil, whereError(s, err)
		}
	}
	if err := checkSize(values); err != nil {
		return nil, err
	}
	for _, s := range values[httpapi.QueryField] {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("read field=%.80q: want NAME=VALUE, as in field=req.method=GET", s)
		}
		term, err := query.Equal(name, value)
		if err != nil {
			return nil, fmt.Errorf("read field=%.80q: %w", s, err)
		}
		f.terms = append(f.terms, term)
	}
	if len(f.terms) > query.MaxTerms {
		return nil, fmt.Errorf("read field= and where=: more than %d conditions", query.MaxTerms)
	}
	for i := range f.terms {
		f.leveled = f.leveled || f.terms[i].Compares("level")
		f.size += f.terms[i].Steps()
	}
	if f.level == 0 && f.grep == nil && len(f.terms) == 0 && f.vm == "" {
		return nil, nil
	}
	chosen := url.Values{}
	for _, name := range []string{httpapi.QueryFromVM, httpapi.QueryLevel, httpapi.QueryGrep, httpapi.QueryWhere, httpapi.QueryField} {
		chosen[name] = values[name]
	}
	f.key = chosen.Encode()
	return &f, nil
}

// checkSize bounds what is not bounded as it is read.
func checkSize(values url.Values) error {
	fields, size := values[httpapi.QueryField], 0
	for _, s := range fields {
		size += len(s)
	}
	switch {
	case len(fields) > query.MaxTerms:
		return fmt.Errorf("read field=: more than %d conditions", query.MaxTerms)
	case size > maxWhere:
		return fmt.Errorf("read field=: longer than %d bytes in all", maxWhere)
	}
	if vm := values.Get(httpapi.QueryFromVM); vm != "" {
		if err := names.Check(vm); err != nil {
			return fmt.Errorf("read from-vm=%.80q: %w", vm, err)
		}
	}
	return nil
}

func whereError(s string, err error) error {
	at := 0
	if place := (*query.Error)(nil); errors.As(err, &place) {
		at = place.At
	}
	return fmt.Errorf("read where=%.80q at byte %d: %w", s, at, err)
}

// from reports whether what comes from a consolidator is wanted at all.
func (f *filter) from(consolidator string) bool {
	return f == nil || f.vm == "" || f.vm == consolidator
}

// most is a time that matching a record of so many bytes does not take, without others
// at work on the same core.
func (f *filter) most(size int) time.Duration {
	const step, start = 25 * time.Nanosecond, 20 * time.Microsecond
	return start + time.Duration(f.size*size)*step
}

// match reports whether a record passes, which is one line of JSON, as long as the
// deadline has not passed.
func (f *filter) match(stream, consolidator string, data []byte, until *query.Deadline) bool {
	if f.level > 0 && !record.PeekLevel(data).AtLeast(f.level) {
		return false
	}
	if f.grep != nil && !f.grep.MatchUntil(data, until) {
		return false
	}
	if len(f.terms) == 0 {
		return true
	}
	r := query.Record{Data: data, Source: consolidator, Stream: stream, Until: until}
	if f.leveled {
		r.Level = record.PeekLevel(data)
	}
	for i := range f.terms {
		if !f.terms[i].MatchRaw(&r) {
			return false
		}
	}
	return true
}
