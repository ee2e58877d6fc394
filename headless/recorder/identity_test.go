package recorder_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/headless/recorder"
	"sluice/internal/numbered"
	"sluice/internal/testcluster"
	"sluice/internal/wait"
)

// vm runs a consolidator with little room.
func vm(t *testing.T) *consolidator.Consolidator {
	t.Helper()
	c, _ := testcluster.Consolidator(t, consolidator.Config{StreamBuffer: 256 << 10})
	return c
}

// publisher publishes records that count, and knows how many the consolidator
// has taken.
type publisher struct {
	t     *testing.T
	conn  *zmtp.Conn
	taken chan uint64 // the newest count
	next  int
}

func publishTo(t *testing.T, c *consolidator.Consolidator) *publisher {
	t.Helper()
	e, err := zmtp.ParseEndpoint(c.PublishAddrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	conn, err := zmtp.Dial(t.Context(), e, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}})
	if err != nil {
		t.Fatal(err)
	}
	p := &publisher{t: t, conn: conn, taken: make(chan uint64, 1)}
	var reading sync.WaitGroup
	reading.Go(p.acks)
	t.Cleanup(func() { conn.Close(); reading.Wait() })
	return p
}

// acks reads what the consolidator acknowledges.
func (p *publisher) acks() {
	in := zmtp.NewReceiver(p.conn)
	defer in.Close()
	for {
		token, err := in.Next()
		if err != nil {
			return
		}
		if token.Kind == zmtp.TokenNone {
			if in.Fill() != nil {
				return
			}
			continue
		}
		if token.Kind != zmtp.TokenCommand {
			continue
		}
		name, data, err := zmtp.SplitCommand(token.Body)
		if err != nil || name != zmtp.CmdAck {
			continue
		}
		n, err := zmtp.ParseAck(data)
		if err != nil {
			continue
		}
		select {
		case <-p.taken:
		default:
		}
		p.taken <- n
	}
}

// numbers publishes n more records, and waits until they are in the log.
func (p *publisher) numbers(name string, n int) {
	p.t.Helper()
	filler := strings.Repeat("x", 200)
	var b []byte
	for range n {
		b = zmtp.AppendMessage(b, name, fmt.Appendf(nil, `{"n":%d,"filler":%q}`, p.next, filler))
		p.next++
	}
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatal(err)
	}
	timeout := time.After(wait.Limit)
	for {
		select {
		case n := <-p.taken:
			if n == uint64(p.next) {
				return
			}
		case <-timeout:
			p.t.Fatalf("the consolidator has not taken %d records", p.next)
		}
	}
}

// A disk that takes nothing for a while costs this recording records, and nobody
// else anything: what is recorded and what is counted as lost is what was
// published, and stands where it belongs.
func TestSlowDisk(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, out := range []string{"out.ndjson", "out.ndjson.zst"} {
		t.Run(out, func(t *testing.T) {
			c := vm(t)
			p := publishTo(t, c)
			p.numbers("s", 100)
			source, err := direct.New(direct.Config{Consolidators: c.SubscribeAddrs(), Inbox: 64 << 10})
			if err != nil {
				t.Fatal(err)
			}
			wait.Run(t, source.Run)
			d := newMemDisk()
			r, err := recorder.NewOn(recorder.Config{Source: source, Streams: []string{"s"}, Last: 100, Out: out}, d)
			if err != nil {
				t.Fatal(err)
			}
			ended := wait.Run(t, r.Run)
			size := func() int {
				d.mu.Lock()
				defer d.mu.Unlock()
				if f := d.files[out+recorder.PartEnding]; f != nil {
					return len(f.data)
				}
				return 0
			}
			wait.For(t, "records in the file", func() bool { return size() > 0 })

			for range 2 {
				gate := make(chan struct{})
				d.mu.Lock()
				d.gate = gate
				d.mu.Unlock()
				for range 5 {
					p.numbers("s", 3_000) // far more than all buffers on the way
				}
				d.mu.Lock()
				d.gate = nil
				d.mu.Unlock()
				before := size()
				close(gate)
				wait.For(t, "the file to grow again", func() bool { return size() > before })
			}
			p.numbers("s", 1)
			wait.For(t, "the last record", func() bool {
				d.mu.Lock()
				defer d.mu.Unlock()
				data, _ := unpack(out, d.files[out+recorder.PartEnding].data)
				return strings.Contains(string(data[max(0, len(data)-1000):]), fmt.Sprintf(`{"n":%d,`, p.next-1))
			})
			ended()

			next, lost := numbered.Account(t, d.lines(t, out), 0)
			s := r.Summary()
			if next != p.next || lost == 0 || s.Records != uint64(next-lost) || s.Dropped != uint64(lost) || s.Unknown != 0 {
				t.Errorf("%d published; recorded up to %d, %d counted as lost; the summary is %+v", p.next, next, lost, s)
			}
			t.Logf("%d of %d recorded, %d lost in %d gaps", s.Records, p.next, s.Dropped, s.Gaps)
		})
	}
}
