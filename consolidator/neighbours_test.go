package consolidator_test

import (
	"context"
	"fmt"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// neighbours are a well-behaved publisher and two well-behaved readers, a sluice
// one and a foreign one. Whatever else happens to their consolidator, they
// notice nothing: every record comes, once and in order.
type neighbours struct {
	t       testing.TB
	stop    chan struct{}
	all     chan struct{} // closed when all is sent
	running sync.WaitGroup
	cancel  context.CancelFunc
	foreign *testpeer.Peer

	sent      atomic.Int64
	got       [2]atomic.Int64 // records in a row, by reader
	sentErr   error           // of the publisher
	wrong     [2]error        // by reader
	heap      int64           // at the beginning
	peak      int64           // and at most
	sampled   sync.WaitGroup
	unsampled chan struct{}
}

// Their records: so many at a time, so often.
const (
	neighbourBatch = 20
	neighbourEvery = 5 * time.Millisecond
	neighbourName  = "bystander"
)

// watch starts them. They are at work when it returns.
func watch(t testing.TB, publish, subscribe string) *neighbours {
	t.Helper()
	b := &neighbours{t: t, stop: make(chan struct{}), all: make(chan struct{}), unsampled: make(chan struct{})}
	pub, err := testpeer.Connect(publish, testpeer.AsForeignPublisher)
	if err != nil {
		t.Fatal(err)
	}
	b.foreign = testpeer.Dial(t, subscribe, testpeer.AsForeignReader)
	b.foreign.Send(zmtp.AppendSubscription(nil, b.foreign.Peer.Version, neighbourName, false))
	b.foreign.Settle()
	src, err := direct.New(direct.Config{Consolidators: []string{subscribe}})
	if err != nil {
		t.Fatal(err)
	}
	src.Tail(neighbourName, stream.Backfill{})
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	b.running.Go(func() { _ = src.Run(ctx) })
	began := make(chan struct{})
	b.running.Go(func() { b.wrong[0] = b.readSource(ctx, src, began) })
	b.running.Go(func() { b.wrong[1] = b.readForeign() })
	select {
	case <-began:
	case <-time.After(wait.Limit):
		t.Fatal("a reader does not begin")
	}
	b.heap = heapNow()
	b.running.Go(func() { _, _ = testpeer.New(t, pub).Message() }) // nothing comes; it answers heartbeats
	b.running.Go(func() {
		defer close(b.all)
		b.sentErr = b.publish(pub)
		pub.Close()
	})
	b.sampled.Go(b.sample)
	t.Cleanup(b.close)
	wait.For(t, "the first records", func() bool {
		select {
		case <-b.all:
			t.Fatalf("the good publisher: %v", b.sentErr)
		default:
		}
		return b.got[0].Load() > 0 && b.got[1].Load() > 0
	})
	return b
}

func (b *neighbours) publish(pub *zmtp.Conn) error {
	tick := time.NewTicker(neighbourEvery)
	defer tick.Stop()
	n := 0
	for {
		var batch []byte
		for range neighbourBatch {
			batch = append(batch, message(neighbourName, n)...)
			n++
		}
		if _, err := pub.Write(batch); err != nil {
			return err
		}
		b.sent.Store(int64(n))
		select {
		case <-b.stop:
			return nil
		case <-tick.C:
		}
	}
}

func (b *neighbours) check(reader int, record string) error {
	n := b.got[reader].Load()
	if want := fmt.Sprintf(`{"i":%d}`, n); record != want {
		return fmt.Errorf("got %q, want %s", record, want)
	}
	b.got[reader].Add(1)
	return nil
}

func (b *neighbours) readSource(ctx context.Context, src *stream.Source, began chan struct{}) error {
	for {
		batch, err := src.Take(ctx)
		if err != nil {
			return nil
		}
		for _, n := range batch.Notices {
			switch n.Kind {
			case stream.KindPosition:
				close(began)
			case stream.KindGap:
				err = fmt.Errorf("after %d records: a gap of %d: %s", b.got[0].Load(), n.Count, n.Reason)
			}
		}
		for _, r := range batch.Records {
			if err == nil {
				err = b.check(0, string(r.Data))
			}
		}
		batch.Release()
		if err != nil {
			return err
		}
	}
}

func (b *neighbours) readForeign() error {
	for {
		r, err := b.foreign.Message()
		if err != nil {
			return err
		}
		if err := b.check(1, r[len(neighbourName)+1:]); err != nil {
			return err
		}
	}
}

// done ends them, and checks that they have noticed nothing.
func (b *neighbours) done() {
	b.t.Helper()
	close(b.stop)
	<-b.all
	sent := b.sent.Load()
	wait.Until(func() bool { return b.got[0].Load() >= sent && b.got[1].Load() >= sent })
	b.close()
	if b.sentErr != nil {
		b.t.Errorf("the good publisher: %v", b.sentErr)
	}
	for i, who := range []string{"sluice", "foreign"} {
		if got := b.got[i].Load(); got != sent {
			b.t.Errorf("the good %s reader has %d records of %d: %v", who, got, sent, b.wrong[i])
		}
	}
}

func (b *neighbours) close() {
	select {
	case <-b.unsampled:
		return
	default:
	}
	close(b.unsampled)
	b.sampled.Wait()
	b.cancel()
	b.foreign.Close()
	select {
	case <-b.stop:
	default:
		close(b.stop)
	}
	b.running.Wait()
}

// grown checks how far the heap of this process, in which the consolidator
// runs, grew since the neighbours began.
func (b *neighbours) grown(limit int64) {
	b.t.Helper()
	if grown := b.peak - b.heap; grown > limit {
		b.t.Errorf("the heap grew by %d MiB, more than %d", grown>>20, limit>>20)
	}
	b.t.Logf("%d records; the heap grew by %.1f MiB", b.sent.Load(), float64(b.peak-b.heap)/(1<<20))
}

func (b *neighbours) sample() {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		b.peak = max(b.peak, heapNow())
		select {
		case <-b.unsampled:
			return
		case <-tick.C:
		}
	}
}

// heapNow is the memory of objects on the heap, dead ones that were not swept
// yet included, and of stacks.
func heapNow() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() + s[1].Value.Uint64())
}

// neighboursOf are those of a consolidator in this process.
func neighboursOf(t testing.TB, c *consolidator.Consolidator) *neighbours {
	t.Helper()
	return watch(t, c.PublishAddrs()[0], c.SubscribeAddrs()[0])
}
