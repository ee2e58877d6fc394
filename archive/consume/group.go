package consume

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/cluster/names"
)

// groupVersion is the version of what is kept of a group.
const groupVersion = 1

// group is what the workers of a group share. It stands in groupsStream as JSON, and is
// changed by whoever first writes against the sequence that was read.
type group struct {
	Version int      `json:"version"`
	Life    string   `json:"life,omitempty"` // another one each time that a group of the name begins
	Streams []string `json:"streams"`
	Ordered bool     `json:"ordered,omitempty"`

	Since  *time.Time       `json:"since,omitempty"`  // records before it are not the group's
	Begins map[string]begin `json:"begins,omitempty"` // by subject, nor are those before these

	Next  uint64 `json:"next"`  // number of the next span
	Spans []span `json:"spans"` // oldest first; the last is open
}

// span is the part of LOGS that one cursor goes through.
type span struct {
	Number uint64 `json:"number"`
	From   uint64 `json:"from"`         // the first sequence
	To     uint64 `json:"to,omitempty"` // the last one; 0: open
}

func (s span) open() bool { return s.To == 0 }

// begin is where a group begins with a subject.
type begin struct {
	Sequence uint64 `json:"sequence"` // of the first batch
	Skip     uint64 `json:"skip"`     // records of it that are not the group's

	prev uint64 // the batch before it
}

func groupSubject(name string) string { return "groups." + name }

// load reads a group, and the sequence under which it stands; nil if there is none.
func (s *store) load(ctx context.Context, name string) (*group, uint64, error) {
	value, sequence, err := s.kept(ctx, groupSubject(name))
	if err != nil || sequence == 0 || len(value) == 0 {
		return nil, sequence, err
	}
	g, err := parseGroup(name, value)
	return g, sequence, err
}

func parseGroup(name string, value []byte) (*group, error) {
	var g group
	err := json.Unmarshal(value, &g)
	switch {
	case err == nil && g.Version > groupVersion:
		return nil, wrongf("group %s was changed by a newer sluice: update this one", name)
	case err != nil || g.Version < 1:
		return nil, wrongf("what is kept of group %s cannot be read: forget the group, and let it begin again", name)
	}
	return &g, nil
}

func (s *store) save(ctx context.Context, name string, g *group, was uint64) (uint64, error) {
	value, err := json.Marshal(g)
	if err != nil {
		return 0, err
	}
	return s.keep(ctx, groupSubject(name), value, was)
}

// join reads the worker's group, and makes it if there is none.
func (w *Worker) join(ctx context.Context) (*group, uint64, error) {
	for {
		g, sequence, err := w.store.load(ctx, w.Group)
		if err != nil {
			return nil, 0, err
		}
		if g != nil {
			w.joined = true
			return g, sequence, w.fits(g)
		}
		if w.joined {
			return nil, 0, w.forgotten()
		}
		if len(w.Streams) == 0 {
			return nil, 0, wrongf("there is no group %s yet: name the streams that it is to read", w.Group)
		}
		if g, err = w.newGroup(ctx); err != nil {
			return nil, 0, err
		}
		sequence, err = w.store.save(ctx, w.Group, g, sequence)
		if err == nil {
			w.joined = true
		}
		if !errors.Is(err, errMoved) {
			return g, sequence, err
		}
	}
}

// forgotten ends a worker whose group is gone: it would begin anew, and do everything
// again.
func (w *Worker) forgotten() error {
	return wrongf("group %s is not there any more: it was forgotten, or the archive has another store", w.Group)
}

// fits reports why a worker cannot share the work of a group.
func (w *Worker) fits(g *group) error {
	if asked := sorted(w.Streams); len(asked) > 0 && !slices.Equal(asked, sorted(g.Streams)) {
		return wrongf("group %s reads %s: name the same streams, or none, or another group", w.Group, strings.Join(g.Streams, " "))
	}
	if w.Ordered && !g.Ordered {
		return wrongf("group %s is not ordered: work without order, or in another group", w.Group)
	}
	return nil
}

func sorted(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

func (w *Worker) newGroup(ctx context.Context) (*group, error) {
	g := &group{Version: groupVersion, Life: rand.Text(), Streams: sorted(w.Streams), Ordered: w.Ordered, Next: 1}
	logs, err := w.store.stream(ctx, engine.Logs)
	if err != nil {
		return nil, err
	}
	info, err := logs.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("look what is held: %w", err)
	}
	held := span{From: max(info.State.FirstSeq, 1), To: info.State.LastSeq}
	switch {
	case w.Start.New:
		held.From = held.To + 1
	case !w.Start.Since.IsZero():
		g.Since = &w.Start.Since
		held.From, err = sequenceAt(ctx, logs, w.Start.Since.Add(-clockMargin), held.To+1)
	case w.Start.Last > 0:
		g.Begins, held.From, err = w.store.begins(ctx, g, w.Start.Last, held.To+1)
	}
	if err != nil {
		return nil, err
	}
	if held.From <= held.To && !g.Ordered {
		g.add(held)
		held.From = held.To + 1
	}
	g.add(span{From: held.From})
	return g, nil
}

// clockMargin is how much earlier than its own time a record may have come to the archive.
const clockMargin = time.Minute

// sequenceAt is the sequence of the first message that a stream holds from a time on, or
// else none.
func sequenceAt(ctx context.Context, stream jetstream.Stream, at time.Time, none uint64) (uint64, error) {
	c, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &at,
		AckPolicy: jetstream.AckNonePolicy, HeadersOnly: true, MemoryStorage: true, InactiveThreshold: 10 * time.Second,
	})
	if err != nil {
		return 0, fmt.Errorf("look for what came since %s: %w", at.Format(time.RFC3339), err)
	}
	info := c.CachedInfo()
	defer stream.DeleteConsumer(ctx, info.Name)
	if info.NumPending == 0 {
		return none, nil
	}
	m, err := c.Next()
	if err != nil {
		return 0, fmt.Errorf("look for what came since %s: %w", at.Format(time.RFC3339), err)
	}
	meta, err := m.Metadata()
	if err != nil {
		return 0, err
	}
	return meta.Sequence.Stream, nil
}

func (g *group) clone() *group {
	clone := *g
	clone.Spans = slices.Clone(g.Spans)
	return &clone
}

func (g *group) add(s span) {
	s.Number = g.Next
	g.Next++
	g.Spans = append(g.Spans, s)
}

// patterns are the group's.
func (g *group) patterns() ([]names.Pattern, error) {
	all := make([]names.Pattern, 0, len(g.Streams))
	for _, s := range g.Streams {
		p, err := names.ParsePattern(s)
		if err != nil {
			return nil, configError{err}
		}
		all = append(all, p)
	}
	return all, nil
}

// filters are the subjects with wildcards of some patterns; no two have a subject in
// common, as JetStream demands of a consumer's.
func filters(patterns []names.Pattern) []string {
	var all []string
	for _, p := range patterns {
		f := subject.Filter(p)
		for i := 0; i < len(all); i++ {
			if overlap(all[i], f) {
				f = widest(all[i], f)
				all = slices.Delete(all, i, i+1)
				i = -1 // the wider one may overlap with those that were passed
			}
		}
		all = append(all, f)
	}
	return all
}

// overlap reports whether there is a subject that both take in.
func overlap(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		switch {
		case as[i] == ">" || bs[i] == ">":
			return true
		case as[i] != bs[i] && as[i] != "*" && bs[i] != "*":
			return false
		}
	}
	return len(as) == len(bs)
}

// widest takes in all that two subjects take in.
func widest(a, b string) string {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	var all []string
	for i := range min(len(as), len(bs)) {
		switch {
		case as[i] == ">" || bs[i] == ">":
			return strings.Join(append(all, ">"), ".")
		case as[i] == bs[i]:
			all = append(all, as[i])
		default:
			all = append(all, "*")
		}
	}
	if len(as) != len(bs) {
		all = append(all, ">")
	}
	return strings.Join(all, ".")
}
