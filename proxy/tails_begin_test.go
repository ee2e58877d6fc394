package proxy

import (
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
	"sluice/proxy/resume"
)

// becoming is a source of which the consolidators are asked for.
type becoming struct {
	Source
	status func() []stream.Status
}

func (b *becoming) Status() []stream.Status      { return b.status() }
func (b *becoming) Tail(string, stream.Backfill) {}

// Consolidators become known while a tail begins. It knows them all then: with some of
// them missing, whoever comes back with a place at one would be told that it is gone, and
// would have all of it twice once it is there.
func TestConsolidatorsBecomeKnownAsATailBegins(t *testing.T) {
	hub, err := fanout.New(fanout.Config{Next: entry.Next})
	if err != nil {
		t.Fatal(err)
	}
	source := &becoming{}
	in := &intake{source: source, to: hub.Appender(), peers: &consolidators{log: slog.New(slog.DiscardHandler), now: time.Now}}
	in.tails = &tails{hub: hub, source: source, limit: 1, streams: new(streamTable), upstream: new(upstream)}
	now := []stream.Status{{Name: "vm-1", State: stream.StateLive}, {Name: "vm-2", State: stream.StateLive}}
	var telling sync.WaitGroup
	source.status = func() []stream.Status {
		// They become known right after it was asked who there is.
		source.status = func() []stream.Status { return now }
		told := make(chan struct{})
		telling.Go(func() {
			in.notice(&stream.Notice{Kind: stream.KindState, Source: "vm-1", State: stream.StateLive})
			close(told)
		})
		at := in.tails.find("s")
		held := at != nil && !at.mu.TryLock()
		if at != nil && !held {
			at.mu.Unlock()
		}
		if !held {
			<-told // nothing keeps it from being noted now
		}
		return nil
	}
	at := in.tails.begin("s", true)
	telling.Wait()
	var names []string
	at.sources.Changed(0, 0, 0, func(s resume.Source) { names = append(names, s.Consolidator) })
	if slices.Sort(names); !slices.Equal(names, []string{"vm-1", "vm-2"}) {
		t.Errorf("the tail knows %q", names)
	}
}
