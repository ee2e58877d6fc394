package curve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"sluice/cluster/names"
)

// The bounds of a List.
const (
	maxList = 4 << 20 // bytes of its file
	maxKeys = 20_000
)

// Every is how often a List looks whether its files have changed.
const Every = time.Second

// Grant is what a key may do.
type Grant struct {
	Key     Key
	streams []names.Pattern // that it may publish; nil means all
	text    string          // of streams, for comparing
}

// All reports whether it may publish all streams.
func (g *Grant) All() bool { return g.streams == nil }

// May reports whether it may publish a stream. Names are compared whole.
func (g *Grant) May(stream string) bool {
	if g.streams == nil {
		return true
	}
	return slices.ContainsFunc(g.streams, func(p names.Pattern) bool { return p.Match(stream) })
}

// List is the keys that may connect: a list in a file, a certificate, or a folder of
// certificates. It may be used by many goroutines at once.
type List struct {
	path   string
	log    *slog.Logger
	grants atomic.Pointer[map[Key]*Grant]

	// Owned by Run.
	had    []byte // what grants were made of
	seen   []byte // and what was there when it was looked at last
	failed string // what was logged of that
}

// OpenList reads a list. Run reads it again when it changes.
func OpenList(path string, logger *slog.Logger) (*List, error) {
	l := &List{path: path, log: logger}
	data, grants, err := l.read()
	if err != nil {
		return nil, fmt.Errorf("list of keys: %w", err)
	}
	l.had, l.seen = data, data
	l.grants.Store(&grants)
	return l, nil
}

// Grant is what a key may do; nil if it may not connect. The same key has the same Grant
// until that changes.
func (l *List) Grant(key Key) *Grant { return (*l.grants.Load())[key] }

// Keys are the keys that may connect, in order.
func (l *List) Keys() []Key {
	return slices.SortedFunc(maps.Keys(*l.grants.Load()), func(a, b Key) int { return bytes.Compare(a[:], b[:]) })
}

// Run looks every so often whether the files have changed, until ctx ends, and calls
// changed after it has taken them up. What is wrong with them is logged, and then what
// was there before stays. A change counts once two looks have seen the same.
func (l *List) Run(ctx context.Context, every time.Duration, changed func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if l.look() {
				changed()
			}
		}
	}
}

// look looks once, and reports whether other grants hold now.
func (l *List) look() bool {
	data, grants, err := l.read()
	if err != nil {
		if s := err.Error(); s != l.failed {
			l.failed = s
			l.log.Warn("a list of keys cannot be read: the one from before stays", "list", l.path, "error", err)
		}
		l.seen = nil
		return false
	}
	settled := bytes.Equal(data, l.seen)
	l.seen = data
	if !settled {
		return false
	}
	if l.failed != "" {
		l.failed = ""
		l.log.Info("the list of keys can be read again", "list", l.path)
	}
	if bytes.Equal(data, l.had) {
		return false
	}
	l.had = data
	before := *l.grants.Load()
	gone := 0
	for key, g := range before {
		switch now := grants[key]; {
		case now == nil:
			gone++
		case now.text == g.text:
			grants[key] = g
		}
	}
	l.log.Info("the list of keys has changed", "list", l.path, "keys", len(grants), "gone", gone)
	l.grants.Store(&grants)
	return true
}

// read reads all files. data is what they say, for comparing.
func (l *List) read() (data []byte, grants map[Key]*Grant, err error) {
	info, err := os.Stat(l.path)
	if err != nil {
		return nil, nil, err
	}
	all := collected{grants: make(map[Key]*Grant), places: make(map[Key]string)}
	if info.IsDir() {
		data, err = all.folder(l.path)
	} else {
		data, err = all.file(l.path)
	}
	if err == nil && len(all.grants) == 0 {
		err = fmt.Errorf("%q has no key: put one in it, as in a line with 40 characters from a file of `sluice keygen`", l.path)
	}
	return data, all.grants, err
}

// collected is what was read so far.
type collected struct {
	grants map[Key]*Grant
	places map[Key]string
}

// folder reads certificates. Files that begin with a dot are none.
func (c *collected) folder(path string) (data []byte, err error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	if len(entries) > 2*maxKeys {
		return nil, fmt.Errorf("%q has more than %d files", path, 2*maxKeys)
	}
	for _, e := range entries {
		file := filepath.Join(path, e.Name())
		info, err := os.Stat(file)
		if errors.Is(err, os.ErrNotExist) || strings.HasPrefix(e.Name(), ".") || err == nil && info.IsDir() {
			continue
		}
		text, err := readFile(file, maxCertificate)
		if err != nil {
			return nil, err
		}
		one, err := parseCertificate(text)
		if err == nil {
			err = c.add(one.public, splitStreams(one.streams), file)
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", file, err)
		}
		data = fmt.Appendf(data, "%q %q\n", file, text)
	}
	return data, nil
}

// file reads a list, or one certificate.
func (c *collected) file(path string) (data []byte, err error) {
	data, err = readFile(path, maxList)
	if err != nil {
		return nil, err
	}
	if isCertificate(data) {
		one, err := parseCertificate(data)
		if err == nil {
			err = c.add(one.public, splitStreams(one.streams), path)
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", path, err)
		}
		return data, nil
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		words := strings.Fields(line)
		// A word that begins so begins a comment: no key can, as Z85 has it.
		if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "#") }); i >= 0 {
			words = words[:i]
		}
		if len(words) == 0 {
			continue
		}
		key, err := ParseKey(words[0])
		if err == nil {
			err = c.add(key, words[1:], fmt.Sprintf("line %d", n))
		}
		if err != nil {
			return nil, fmt.Errorf("%q, line %d: %w", path, n, err)
		}
	}
	return data, nil
}

// splitStreams are the patterns in a certificate's metadata.
func splitStreams(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
}

// add adds a key with its patterns.
func (c *collected) add(key Key, patterns []string, place string) error {
	g := &Grant{Key: key, text: strings.Join(patterns, " ")}
	for _, text := range patterns {
		p, err := names.ParsePattern(text)
		if err != nil {
			return fmt.Errorf("pattern %q: %w", text, err)
		}
		g.streams = append(g.streams, p)
	}
	switch had := c.grants[key]; {
	case had == nil && len(c.grants) == maxKeys:
		return fmt.Errorf("more than %d keys", maxKeys)
	case had != nil && had.text != g.text:
		return fmt.Errorf("the key %s stands twice, with other streams in %s: leave one", key, c.places[key])
	}
	c.grants[key], c.places[key] = g, place
	return nil
}
