package printer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless"
	"sluice/headless/internal/script"
	"sluice/headless/printer"
)

// listing is a script that knows which streams are live, and whose batches come a
// second of the bubble's clock apart; before the n-th one the streams of appear[n]
// appear.
type listing struct {
	script.Source
	live    []stream.Live
	appear  map[int][]stream.Live
	watched bool
	taken   int
	next    time.Time // when the next batch comes
}

func (l *listing) WatchStreams(on bool)   { l.watched = on }
func (l *listing) Streams() []stream.Live { return l.live }

func (l *listing) Take(ctx context.Context) (*stream.Batch, error) {
	if l.next.IsZero() {
		l.next = time.Now()
	}
	select {
	case <-time.After(time.Until(l.next)):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l.live = append(l.live, l.appear[l.taken]...)
	l.taken++
	l.next = l.next.Add(time.Second)
	return l.Source.Take(ctx)
}

// Streams that a pattern matches are printed as they appear: from their first record,
// but not what they had before the printing began.
func TestPatterns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := func(stream string, after time.Duration, msg string) stream1 {
			return stream1{stream, fmt.Sprintf(`{"name":"api","level":30,"time":%q,"msg":%q}`, time.Now().Add(after).UTC().Format("2006-01-02T15:04:05.000Z"), msg)}
		}
		nothing := script.Batch(nil)
		source := &listing{
			live:   []stream.Live{{Name: "tenant/acme"}, {Name: "system"}},
			appear: map[int][]stream.Live{4: {{Name: "tenant/umbrella"}, {Name: "other"}}},
			Source: script.Source{
				States: []stream.Status{{Name: "vm-1", State: stream.StateLive}}, End: script.ErrOver,
				Batches: []*stream.Batch{
					at("tenant/acme", 0, "one").live(), nothing, nothing, nothing, nothing, nothing,
					at("tenant/umbrella", -time.Hour, "long ago").backfill(0),
					at("tenant/umbrella", 5*time.Second, "first").backfill(1),
					script.Batch(nil, stream.Notice{Kind: stream.KindBackfill, Stream: "tenant/umbrella"}),
					at("tenant/umbrella", 9*time.Second, "second").live(),
				},
			},
		}
		var out, notices bytes.Buffer
		p, err := printer.New(printer.Config{Source: source, Streams: []string{"tenant/*", "named"}, Patterns: true, Last: 7, Out: &out, Notices: &notices})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Run(t.Context()); !errors.Is(err, script.ErrOver) {
			t.Fatal(err)
		}
		if len(source.Tailed) != 3 || source.Tailed["named"] != 7 || source.Tailed["tenant/acme"] != 7 || source.Tailed["tenant/umbrella"] < 1<<20 || !source.watched {
			t.Errorf("tailed %v", source.Tailed)
		}
		want := "tenant/acme | 00:00:00.000Z  INFO api: one\n" +
			"tenant/umbrella | 00:00:05.000Z  INFO api: first\n" +
			"tenant/umbrella | 00:00:09.000Z  INFO api: second\n"
		if out.String() != want {
			t.Errorf("printed\n%s, want\n%s and told %s", out.String(), want, notices.String())
		}
	})
}

// stream1 is one record of a stream.
type stream1 struct{ stream, data string }

func (r stream1) live() *stream.Batch { return script.Batch(script.Records(r.stream, r.data)) }

func (r stream1) backfill(seq uint64) *stream.Batch {
	b := r.live()
	b.Records[0].Backfill = true
	b.Records[0].Position = stream.Position{Epoch: 1, Seq: seq}
	return b
}

// What is held of a stream that appears is printed when the time is over, and a pattern
// that nothing matched is told.
func TestPatternsWhenTheTimeIsOver(t *testing.T) {
	for _, test := range []struct {
		name, want string
		live       []stream.Live
		err        error
	}{
		{"held", `{"msg":"held"}` + "\n", []stream.Live{{Name: "tenant/new"}}, nil},
		{"nothing matches", "", nil, headless.ErrNotConnected},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &listing{
					appear: map[int][]stream.Live{3: test.live},
					Source: script.Source{States: []stream.Status{{Name: "vm-1", State: stream.StateLive}}},
				}
				for range 5 {
					source.Batches = append(source.Batches, script.Batch(nil))
				}
				if test.live != nil {
					source.Batches = append(source.Batches, stream1{"tenant/new", `{"msg":"held"}`}.backfill(0))
				}
				var out bytes.Buffer
				p, err := printer.New(printer.Config{Source: source, Streams: []string{"tenant/*"}, Patterns: true, For: 30 * time.Second, Out: &out, Layout: record.LayoutRaw})
				if err != nil {
					t.Fatal(err)
				}
				if err := p.Run(t.Context()); !errors.Is(err, test.err) || err != nil && !strings.Contains(err.Error(), "no live stream matched tenant/* in 30s") {
					t.Errorf("Run returned %v", err)
				}
				if out.String() != test.want {
					t.Errorf("printed %q, want %q", out.String(), test.want)
				}
			})
		})
	}
}

// A pattern needs a source that knows which streams there are, and where patterns are
// not asked for a name is a name.
func TestPatternsAreChecked(t *testing.T) {
	config := printer.Config{Source: &script.Source{}, Streams: []string{"tenant/*"}, Out: io.Discard}
	if _, err := printer.New(config); err != nil {
		t.Errorf("a name with a star: %v", err)
	}
	config.Patterns = true
	if _, err := printer.New(config); err == nil || !strings.Contains(err.Error(), "does not know which streams there are") {
		t.Errorf("a source that does not know its streams: %v", err)
	}
	config.Source, config.Streams = &listing{}, []string{`tenant\`}
	if _, err := printer.New(config); err == nil || !strings.Contains(err.Error(), "ends with a backslash") {
		t.Errorf("a pattern that is none: %v", err)
	}
}
