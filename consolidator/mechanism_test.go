package consolidator_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	pub "sluice/cluster/publish"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// A security mechanism sits between the doors and the wire, and nothing goes past it:
// with one that garbles whatever was not sealed exactly once, in order, publishers and
// readers get along as without, and a reader that is too slow is told exactly what it
// lost.
func TestMechanism(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "ipc"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			cfg := consolidator.Config{Mechanism: testpeer.Scrambled, StreamBuffer: 512 << 10}
			if network == "ipc" {
				dir := t.TempDir()
				cfg.Publish, cfg.Subscribe = []string{"ipc://" + dir + "/p"}, []string{"ipc://" + dir + "/s"}
			}
			c, _ := start(t, cfg)
			slow := source(t, direct.Config{Consolidators: c.SubscribeAddrs(), Mechanism: testpeer.Scrambled, Inbox: 16 << 10})
			prompt := source(t, direct.Config{Consolidators: c.SubscribeAddrs(), Mechanism: testpeer.Scrambled})
			streams := []string{"system", "tenant/acme", "tenant/acme2"}
			for _, name := range streams {
				slow.Tail(name, stream.Backfill{})
				prompt.Tail(name, stream.Backfill{})
			}
			begun(t, prompt, len(streams))
			begun(t, slow, len(streams))

			const each = 4000
			client, err := pub.Open(pub.Config{Endpoint: c.PublishAddrs()[0], Mechanism: testpeer.Scrambled})
			if err != nil {
				t.Fatal(err)
			}
			got := newSequences()
			done := make(chan struct{})
			go func() {
				defer close(done)
				got.read(t, prompt, uint64(each*len(streams)))
			}()
			for i := range each {
				for _, name := range streams {
					filler := strings.Repeat("x", 300)
					if i%500 == 0 {
						filler = strings.Repeat("y", 200<<10)
					}
					if err := client.Publish(t.Context(), name, fmt.Appendf(nil, `{"i":%d,"filler":%q}`, i, filler)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if s := client.Close(t.Context()); s.Acknowledged != each*uint64(len(streams)) {
				t.Errorf("of %d records %+v", each*len(streams), s)
			}
			<-done
			late := newSequences()
			late.read(t, slow, uint64(each*len(streams)))
			if late.lost == 0 {
				t.Error("the slow reader lost nothing: it was not slow")
			}
			t.Logf("prompt: %d lost; slow: %d lost", got.lost, late.lost)
		})
	}
}

// A peer without the mechanism is refused, at both endpoints.
func TestMechanismIsWanted(t *testing.T) {
	t.Parallel()
	c, _ := start(t, consolidator.Config{Mechanism: testpeer.Scrambled})
	for addr, role := range map[string]zmtp.Config{c.PublishAddrs()[0]: testpeer.AsForeignPublisher, c.SubscribeAddrs()[0]: testpeer.AsReader} {
		if _, err := testpeer.Connect(addr, role); err == nil || !strings.Contains(err.Error(), `security mechanism "SCRAMBLED"`) {
			t.Errorf("a peer without the mechanism at %s: %v", addr, err)
		}
	}
}

// begun waits until n streams are read.
func begun(t *testing.T, s *stream.Source, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait.Limit)
	defer cancel()
	for n > 0 {
		b, err := s.Take(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, notice := range b.Notices {
			if notice.Kind == stream.KindPosition {
				n--
			}
		}
		b.Release()
	}
}

// sequences holds that records come in order, with gaps of exactly what is missing.
type sequences struct {
	next map[string]uint64
	lost uint64
}

func newSequences() *sequences { return &sequences{next: make(map[string]uint64)} }

// read takes until n records were delivered or reported lost.
func (q *sequences) read(t *testing.T, s *stream.Source, n uint64) {
	ctx, cancel := context.WithTimeout(context.Background(), wait.Limit)
	defer cancel()
	for sum := uint64(0); sum < n; {
		b, err := s.Take(ctx)
		if err != nil {
			t.Errorf("%v after %d of %d", err, sum, n)
			return
		}
		notices := b.Notices
		for i := 0; i <= len(b.Records); i++ {
			for ; len(notices) > 0 && notices[0].At == i; notices = notices[1:] {
				if g := notices[0]; g.Kind == stream.KindGap {
					if g.Unknown {
						t.Errorf("an unknown gap: %+v", g)
					}
					q.next[g.Stream] += g.Count
					q.lost += g.Count
					sum += g.Count
				}
			}
			if i < len(b.Records) {
				r := &b.Records[i]
				if want := fmt.Sprintf(`{"i":%d,`, q.next[r.Stream]); !strings.HasPrefix(string(r.Data), want) {
					t.Errorf("%s: got %.20s, want %s", r.Stream, r.Data, want)
					return
				}
				q.next[r.Stream]++
				sum++
			}
		}
		b.Release()
	}
}
