package recorder_test

import (
	"context"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/headless/internal/script"
	"sluice/headless/recorder"
)

// play is a script that knows which streams are live.
type play struct {
	script.Source
	live    []stream.Live
	watched bool
}

func (p *play) WatchStreams(on bool) { p.watched = on }

func (p *play) Streams() []stream.Live { return p.live }

// steps makes a source that hands on one batch after the other, each after a
// time of the bubble's clock.
type steps struct {
	play
	next []step
}

type step struct {
	after time.Duration
	batch *stream.Batch
	do    func()
}

func (s *steps) Take(ctx context.Context) (*stream.Batch, error) {
	if len(s.next) == 0 {
		if ctx.Err() == nil && s.End != nil {
			return nil, s.End
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	begun := time.Now()
	select {
	case <-time.After(s.next[0].after):
	case <-ctx.Done():
		s.next[0].after -= time.Since(begun)
		return nil, ctx.Err()
	}
	now := s.next[0]
	s.next = s.next[1:]
	if now.do != nil {
		now.do()
	}
	return now.batch, nil
}

// recorded runs a recorder on a disk in memory, and returns how it ended.
func recorded(t *testing.T, d *memDisk, config recorder.Config) (*recorder.Summary, error) {
	t.Helper()
	if config.Streams == nil {
		config.Streams = []string{"s"}
	}
	if config.Out == "" {
		config.Out = "out.ndjson"
	}
	r, err := recorder.NewOn(config, d)
	if err != nil {
		t.Fatal(err)
	}
	err = r.Run(t.Context())
	s := r.Summary()
	if s != nil {
		checkSums(t, s)
	}
	return s, err
}

// checkSums holds that the whole is the sum of its parts.
func checkSums(t *testing.T, s *recorder.Summary) {
	t.Helper()
	var sum recorder.Counts
	for _, c := range s.Streams {
		sum.Records += c.Records
		sum.Older += c.Older
		sum.Filtered += c.Filtered
		sum.Bytes += c.Bytes
		sum.Gaps += c.Gaps
		sum.Dropped += c.Dropped
		sum.Unknown += c.Unknown
		sum.Unwritten += c.Unwritten
	}
	if sum != s.Counts {
		t.Errorf("the streams' counts add up to %+v, and not to %+v", sum, s.Counts)
	}
}

func gap(at int, name string, n uint64, unknown bool) stream.Notice {
	return stream.Notice{
		At: at, Kind: stream.KindGap, Stream: name, Source: "vm-1", Hop: "consolidator", Reason: "reader too slow",
		Count: n, Unknown: unknown,
	}
}
