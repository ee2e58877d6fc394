package consolidator_test

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

const (
	slack      = 36 << 20 // bytes of memory beside the logs and the idle process, whatever readers do
	perIdle    = 16 << 10
	perEmptied = 1 << 10
)

// descriptors says how many connections a test may make: the limit of
// descriptors may allow fewer than it wants.
func descriptors(t testing.TB, want int) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if have := int(min(limit.Max, 1<<30)) - 200; have < want {
		t.Logf("%d connections instead of %d: the limit of descriptors is %d", have, want, limit.Max)
		return have
	}
	return want
}

// crowd connects so many readers. What greet returns for each, it is sent; and
// nothing is read of what it is sent but the answer to a PING.
func crowd(t testing.TB, addr string, n int, greet func(i int, c *zmtp.Conn) []byte) {
	t.Helper()
	conns := make(chan net.Conn, n)
	t.Cleanup(func() {
		close(conns)
		for c := range conns {
			c.Close()
		}
	})
	var connecting sync.WaitGroup
	var next atomic.Int64
	for range 16 {
		connecting.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				role := testpeer.AsForeignReader
				if i%2 == 1 {
					role = testpeer.AsReader
				}
				conn, err := testpeer.Connect(addr, role)
				if err != nil {
					t.Errorf("reader %d of %d: %v", i, n, err)
					return
				}
				conns <- conn.NetConn()
				small(t, conn, 4<<10)
				if _, err := conn.Write(greet(i, conn)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	connecting.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// wanting is what a reader sends that wants a stream.
func wanting(c *zmtp.Conn, name string) []byte {
	if c.Peer.Sluice {
		return zmtp.AppendTail(nil, zmtp.Tail{Name: name})
	}
	return zmtp.AppendSubscription(nil, c.Peer.Version, name, false)
}

// A thousand readers that do not read, while records pass that would fill the
// buffer several times: memory stays within the buffer and 48 MiB, and a good
// publisher and a good reader notice nothing. Where records are very large, those
// that hold the rest of one for longest are closed.
func TestStalledCrowd(t *testing.T) {
	volume.Check(t)
	const buffer, streams = 32 << 20, 8
	for _, size := range []int{240, 16 << 10, 200 << 10} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			c := spawn(t, "--buffer", "32MiB", "--stream-buffer", "8MiB")
			idle := c.memory("VmHWM") // pages of the program, most of it
			name := func(i int) string { return fmt.Sprint("stalled/", i%streams) }
			crowd(t, c.subscribe, descriptors(t, 1000), func(i int, conn *zmtp.Conn) []byte {
				return append(wanting(conn, name(i)), wanting(conn, "system")...)
			})
			good := testpeer.Dial(t, c.subscribe, testpeer.AsReader)
			good.Settle(wanting(good.Conn, "system")...)
			pub := testpeer.Dial(t, c.publish, testpeer.AsForeignPublisher)
			pub.Drain()

			// The good reader's records are as many as the stalled ones'
			// of one stream.
			filler := strings.Repeat("x", size)
			rounds := 3 * buffer / (streams + 1) / size
			const ahead = 4 << 20
			var y tally
			var got atomic.Int64
			var reading sync.WaitGroup
			reading.Go(func() { y.follow(good, func() { got.Add(1) }) })
			var b []byte
			for i := range rounds {
				rec := fmt.Appendf(nil, `{"i":%d,"filler":%q}`, i, filler)
				for k := range streams {
					b = zmtp.AppendMessage(b, name(k), rec)
				}
				b = zmtp.AppendMessage(b, "system", rec)
				if len(b) > 1<<20 || i == rounds-1 {
					pub.Send(b)
					b = b[:0]
					wait.For(t, "the good reader", func() bool { return (i-int(got.Load()))*size < ahead })
				}
			}
			wait.For(t, "the good reader", func() bool { return int(got.Load()) == rounds })
			peak := c.memory("VmHWM") - idle
			good.Close()
			reading.Wait()
			if y.lost > 0 || y.received != uint64(rounds) {
				t.Errorf("the good reader received %d of %d, %d lost", y.received, rounds, y.lost)
			}
			if peak > buffer+slack {
				t.Errorf("%d MiB of memory, more than %d", peak>>20, (buffer+slack)>>20)
			}
			t.Logf("%d MB of records, at most %d MiB of memory beside the idle process: the buffer and %d", rounds*(streams+1)*size/1e6, peak>>20, (peak-buffer)>>20)
		})
	}
}

// An idle reader takes at most 16 KiB.
func TestIdleCrowd(t *testing.T) {
	volume.Check(t)
	c := spawn(t)
	first := testpeer.Dial(t, c.subscribe, testpeer.AsForeignReader)
	first.Settle()
	before := c.memory("VmRSS")
	n := descriptors(t, 10_000)
	crowd(t, c.subscribe, n, func(i int, conn *zmtp.Conn) []byte { return wanting(conn, fmt.Sprint("idle/", i)) })
	// One that comes later is answered when all before it were.
	last := testpeer.Dial(t, c.subscribe, testpeer.AsForeignReader)
	last.Settle()
	each := (c.memory("VmRSS") - before) / int64(n)
	if each > perIdle {
		t.Errorf("an idle reader takes %d bytes, more than %d", each, perIdle)
	}
	t.Logf("%d idle readers take %d bytes each", n, each)
}

// A stream whose records were all evicted takes at most 1 KiB.
func TestEmptiedStreams(t *testing.T) {
	const streams = 100_000
	c, _ := start(t, consolidator.Config{Buffer: 512 << 10, MaxStreams: 4 * streams})
	p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsPublisher)
	p.Settle()
	before := live()
	var b []byte
	for i := range streams {
		b = append(b, message(fmt.Sprintf("tenant/emptied-%06d", i), i)...)
		if len(b) > 128<<10 {
			p.Send(b)
			b = b[:0]
		}
	}
	b = append(b, message("last", 0)...)
	p.Send(b)
	wait.For(t, "the last record", func() bool { return c.Published("last") == 1 })
	b = nil
	each := (live() - before) / streams
	if each > perEmptied {
		t.Errorf("an emptied stream takes %d bytes, more than %d", each, perEmptied)
	}
	if first := c.Published("tenant/emptied-000000"); first != 1 {
		t.Errorf("the first stream has had %d records", first)
	}
	t.Logf("an emptied stream takes %d bytes", each)
}

// live is the memory of living objects on the heap.
func live() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Publishing costs the same with 10,000 idle readers of other streams: the
// ratio of the rates with them and without is about 1.
func BenchmarkIdleReaders(b *testing.B) {
	const batch = 1000
	records := bytes.Repeat(zmtp.AppendMessage(nil, "busy", []byte(strings.Repeat("x", 240))), batch)
	rate := func(b *testing.B, addr string) (perSecond float64) {
		b.Helper()
		// Not publishing longer would be noise.
		const total = 4_000_000
		p := testpeer.Dial(b, addr, testpeer.AsPublisher)
		began := b.Elapsed()
		go func() {
			for range total / batch {
				if _, err := p.Write(records); err != nil {
					return
				}
			}
		}()
		for {
			t, err := p.Next()
			if err != nil {
				b.Fatal(err)
			}
			if name, data, _ := zmtp.SplitCommand(t.Body); name == zmtp.CmdAck {
				if n, _ := zmtp.ParseAck(data); n == total {
					return total / (b.Elapsed() - began).Seconds()
				}
			}
		}
	}
	alone, crowded := spawn(b), spawn(b)
	crowd(b, crowded.subscribe, descriptors(b, 10_000), func(i int, conn *zmtp.Conn) []byte {
		return wanting(conn, fmt.Sprint("idle/", i))
	})
	var without, with []float64
	for b.Loop() {
		without = append(without, rate(b, alone.publish))
		with = append(with, rate(b, crowded.publish))
	}
	b.ReportMetric(median(without), "alone/s")
	b.ReportMetric(median(with), "crowded/s")
	b.ReportMetric(median(with)/median(without), "ratio")
	b.ReportMetric(0, "ns/op")
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}
