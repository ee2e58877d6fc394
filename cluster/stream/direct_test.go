package stream_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"go.uber.org/goleak"

	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
)

// vm runs a consolidator, on free ports unless cfg says which.
func vm(t *testing.T, cfg consolidator.Config) (c *consolidator.Consolidator, stop func()) {
	t.Helper()
	if cfg.Publish == nil {
		cfg.Publish = []string{"tcp://127.0.0.1:0"}
	}
	if cfg.Subscribe == nil {
		cfg.Subscribe = []string{"tcp://127.0.0.1:0"}
	}
	c, err := consolidator.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c, background(t, c.Run)
}

// publisher publishes to one consolidator.
type publisher struct {
	t    *testing.T
	conn *zmtp.Conn
}

func publishTo(t *testing.T, c *consolidator.Consolidator) *publisher {
	t.Helper()
	e, err := zmtp.ParseEndpoint(c.PublishAddrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	conn, err := zmtp.Dial(t.Context(), e, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); answerPings(conn) }()
	t.Cleanup(func() { conn.Close(); <-done })
	return &publisher{t, conn}
}

// answerPings reads until the connection ends. Who answers nothing is closed for
// its silence, where a test takes long.
func answerPings(conn *zmtp.Conn) {
	in := zmtp.NewReceiver(conn)
	defer in.Close()
	for {
		tok, err := in.Next()
		if err == nil && tok.Kind == zmtp.TokenNone {
			err = in.Fill()
		}
		if err != nil {
			return
		}
		if tok.Kind != zmtp.TokenCommand {
			continue
		}
		if name, data, err := zmtp.SplitCommand(tok.Body); err == nil && name == zmtp.CmdPing {
			if pong, err := zmtp.AppendPong(nil, data); err == nil {
				_, _ = conn.Write(pong)
			}
		}
	}
}

// numbers publishes {"i":from} … {"i":to-1}.
func (p *publisher) numbers(name string, from, to int) {
	p.t.Helper()
	var b []byte
	for i := from; i < to; i++ {
		b = zmtp.AppendMessage(b, name, fmt.Appendf(nil, `{"i":%d}`, i))
	}
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// accepted waits until a consolidator has so many records of a stream.
func accepted(t *testing.T, c *consolidator.Consolidator, name string, n uint64) {
	t.Helper()
	s, err := stream.New(stream.Config{Consolidators: c.SubscribeAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	s.WatchStreams(true)
	stop := background(t, s.Run)
	defer stop()
	until(t, fmt.Sprintf("%d records of %q", n, name), func() bool {
		return slices.ContainsFunc(s.Streams(), func(l stream.Live) bool { return l.Name == name && l.Records >= n })
	})
}

// readsDirect runs a source that reads from consolidators.
func readsDirect(t *testing.T, cfg stream.Config, addrs ...string) *taker {
	t.Helper()
	cfg.Consolidators = addrs
	s, err := stream.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	k := &taker{Source: s, t: t}
	k.stop = background(t, s.Run)
	return k
}

// expectNumbers takes records {"i":from} … {"i":to-1}, and no gap.
func (k *taker) expectNumbers(from, to int) {
	k.t.Helper()
	for i := from; i < to; i++ {
		if r := k.record(); string(r.Data) != fmt.Sprintf(`{"i":%d}`, i) {
			k.t.Fatalf("got %s, want record %d", r.Data, i)
		}
	}
}

// state passes over what is no state.
func (k *taker) state() stream.Notice { k.t.Helper(); return k.notice(isKind(stream.KindState)) }

func noLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

func TestBackfillIsMergedOverConsolidators(t *testing.T) {
	noLeaks(t)
	const machines, each, last = 3, 40, 50
	rnd := rand.New(rand.NewPCG(1, 1))
	var addrs []string
	var pubs []*publisher
	var times []int // of all records
	for m := range machines {
		c, _ := vm(t, consolidator.Config{Name: fmt.Sprint("vm-", m+1)})
		p := publishTo(t, c)
		var b []byte
		ms := 0
		for i := range each {
			ms += 1 + rnd.IntN(20)
			b = zmtp.AppendMessage(b, "system", fmt.Appendf(nil,
				`{"v":0,"level":30,"time":"2026-01-02T03:04:05.%03dZ","msg":"","vm":%d,"i":%d,"ms":%d}`, ms, m+1, i, ms))
			times = append(times, ms)
		}
		b = zmtp.AppendMessage(b, "system2", []byte(`{"msg":"a neighbour"}`))
		if _, err := p.conn.Write(b); err != nil {
			t.Fatal(err)
		}
		accepted(t, c, "system", each)
		addrs = append(addrs, c.SubscribeAddrs()...)
		pubs = append(pubs, p)
	}
	slices.Sort(times)
	s := readsDirect(t, stream.Config{}, addrs...)
	s.Tail("system", stream.Backfill{Last: last})
	next := map[string]int{}
	for i, ms := range times[len(times)-last:] {
		r := s.record()
		var rec struct{ VM, I, MS int }
		if err := json.Unmarshal(r.Data, &rec); err != nil {
			t.Fatal(err)
		}
		if rec.MS != ms {
			t.Fatalf("record %d of the backfill is of %d ms, want %d", i, rec.MS, ms)
		}
		if r.Stream != "system" || r.Source != fmt.Sprint("vm-", rec.VM) || r.Position.Seq != uint64(rec.I) || !r.Backfill || r.Arrived == 0 {
			t.Fatalf("record %+v of %+v", r, rec)
		}
		if n, ok := next[r.Source]; ok && rec.I != n {
			t.Fatalf("%s: record %d, expected %d", r.Source, rec.I, n)
		}
		next[r.Source] = rec.I + 1
	}
	if n, ok := s.next().(stream.Notice); !ok || n.Kind != stream.KindBackfill || n.Stream != "system" {
		t.Fatalf("after the backfill comes %+v", n)
	}
	for _, p := range pubs {
		p.numbers("system", 7, 8)
		if r, ok := s.next().(stream.Record); !ok || r.Backfill || string(r.Data) != `{"i":7}` || r.Position.Seq != each {
			t.Fatalf("after the backfill comes %+v", r)
		}
	}
}

// A backfill ends, once, whoever can be reached; and what a consolidator had
// that came later still comes.
func TestBackfillEndsOnce(t *testing.T) {
	noLeaks(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c, stop := vm(t, consolidator.Config{Name: "vm-1"})
	publishTo(t, c).numbers("s", 0, 3)
	accepted(t, c, "s", 3)
	reached := c.SubscribeAddrs()[0]
	gone, stopGone := vm(t, consolidator.Config{Name: "vm-2"})
	refused := gone.SubscribeAddrs()[0]
	stopGone()

	for _, k := range []struct {
		name    string
		addrs   []string
		records int
		waits   bool // for the whole time
	}{
		{"one that answers", []string{reached}, 3, false},
		{"one that refuses", []string{refused}, 0, false},
		{"one that is silent", []string{"tcp://" + silent.Addr().String()}, 0, true},
		{"one of each", []string{reached, refused, "tcp://" + silent.Addr().String()}, 3, true},
	} {
		t.Run(k.name, func(t *testing.T) {
			s := readsDirect(t, stream.Config{}, k.addrs...)
			for range 2 { // the second time the states are known
				begun := time.Now()
				s.Tail("s", stream.Backfill{Last: 10})
				got := 0
				for {
					x := s.next()
					if n, ok := x.(stream.Notice); ok && n.Kind == stream.KindBackfill {
						break
					} else if ok && n.Kind == stream.KindGap {
						t.Fatalf("a gap: %+v", n)
					}
					if _, ok := x.(stream.Record); ok {
						got++
					}
				}
				took := time.Since(begun)
				if got != k.records || took > proxiedPatience || k.waits && took < stream.MergeWait-50*time.Millisecond {
					t.Errorf("%d records and the end after %v", got, took)
				}
			}
			s.stop()
			for b := s.TryTake(); b != nil; b = s.TryTake() {
				for _, n := range b.Notices {
					if n.Kind == stream.KindBackfill {
						t.Error("the backfill ended once more")
					}
				}
			}
		})
	}
	t.Run("one that comes later", func(t *testing.T) {
		stop()
		pub := c.PublishAddrs()
		s := readsDirect(t, stream.Config{}, reached)
		s.Tail("s", stream.Backfill{Last: 2})
		s.notice(isKind(stream.KindBackfill))
		c, _ := vm(t, consolidator.Config{Name: "vm-1", Publish: pub, Subscribe: []string{reached}})
		p := publishTo(t, c)
		p.numbers("s", 0, 1)
		s.expectNumbers(0, 1)
		p.numbers("s", 1, 2)
		for i := 1; ; i++ {
			x := s.next()
			if n, ok := x.(stream.Notice); ok && n.Kind == stream.KindBackfill {
				t.Fatal("the backfill ended twice")
			}
			if _, ok := x.(stream.Record); ok {
				break
			}
		}
	})
}

func TestDirectStates(t *testing.T) {
	noLeaks(t)
	c, stop := vm(t, consolidator.Config{Name: "vm-1"})
	pub, sub := c.PublishAddrs(), c.SubscribeAddrs()
	stop()
	s := readsDirect(t, stream.Config{}, sub...)
	host := strings.TrimPrefix(sub[0], "tcp://")
	check := func(state stream.State, name string, err bool) {
		t.Helper()
		n := s.state()
		if n.State != state || n.Source != name || (n.Err != "") != err || n.Stream != "" || n.Time.IsZero() {
			t.Errorf("told %+v, want %v of %s", n, state, name)
		}
		all := s.Status()
		if len(all) != 1 || all[0].State != state || all[0].Name != name || all[0].Address != sub[0] || all[0].Proxy || (all[0].Err != "") != err || all[0].Since.IsZero() {
			t.Errorf("status is %+v, want %v of %s", all, state, name)
		}
	}
	check(stream.StateConnecting, host, true)
	c, stop = vm(t, consolidator.Config{Name: "vm-1", Publish: pub, Subscribe: sub})
	check(stream.StateLive, "vm-1", false)
	stop()
	check(stream.StateLost, "vm-1", true)
	// It says so once, however often it tries.
	vm(t, consolidator.Config{Name: "vm-1b", Publish: pub, Subscribe: sub})
	check(stream.StateLive, "vm-1b", false)
	_ = c
}

// Two consolidators of one name are told apart.
func TestNamesAreUnique(t *testing.T) {
	noLeaks(t)
	a, _ := vm(t, consolidator.Config{Name: "same"})
	s := readsDirect(t, stream.Config{}, a.SubscribeAddrs()[0])
	_ = s.state()
	b, _ := vm(t, consolidator.Config{Name: "same"})
	both := readsDirect(t, stream.Config{}, a.SubscribeAddrs()[0], b.SubscribeAddrs()[0])
	names := map[string]bool{both.state().Source: true, both.state().Source: true}
	if len(names) != 2 || !names["same"] {
		t.Errorf("they are called %v", names)
	}
}

func TestResumeFromPositions(t *testing.T) {
	noLeaks(t)
	c, _ := vm(t, consolidator.Config{Name: "vm-1", StreamBuffer: 64 << 10})
	other, _ := vm(t, consolidator.Config{Name: "vm-2"})
	p := publishTo(t, c)
	publishTo(t, other).numbers("s", 100, 110)
	accepted(t, other, "s", 10)
	p.numbers("s", 0, 20)
	accepted(t, c, "s", 20)

	first := readsDirect(t, stream.Config{}, c.SubscribeAddrs()...)
	first.Tail("s", stream.Backfill{Last: 20})
	var at stream.Position
	for i := range 12 {
		r := first.record()
		if at = r.Position; at.Seq != uint64(i) {
			t.Fatalf("record %d stands at %d", i, at.Seq)
		}
	}
	first.stop()
	at.Seq++ // of the next one wanted

	t.Run("held", func(t *testing.T) {
		s := readsDirect(t, stream.Config{}, c.SubscribeAddrs()...)
		s.Tail("s", stream.Backfill{Positions: map[string]stream.Position{"vm-1": at}})
		for i := 12; i < 20; i++ {
			if r := s.record(); string(r.Data) != fmt.Sprintf(`{"i":%d}`, i) || r.Position.Seq != uint64(i) || !r.Backfill {
				t.Errorf("record %+v, want %d", r, i)
			}
		}
		if n, ok := s.next().(stream.Notice); !ok || n.Kind != stream.KindBackfill {
			t.Errorf("then comes %+v", n)
		}
	})
	t.Run("with one that is not named", func(t *testing.T) {
		s := readsDirect(t, stream.Config{}, c.SubscribeAddrs()[0], other.SubscribeAddrs()[0])
		s.Tail("s", stream.Backfill{Last: 3, Positions: map[string]stream.Position{"vm-1": at}})
		var got []string
		for {
			x := s.next()
			if r, ok := x.(stream.Record); ok {
				got = append(got, r.Source+string(r.Data))
			} else if n := x.(stream.Notice); n.Kind == stream.KindBackfill {
				break
			}
		}
		slices.Sort(got)
		want := []string{`vm-2{"i":107}`, `vm-2{"i":108}`, `vm-2{"i":109}`}
		for i := 19; i >= 12; i-- {
			want = append([]string{fmt.Sprintf(`vm-1{"i":%d}`, i)}, want...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("of another epoch", func(t *testing.T) {
		s := readsDirect(t, stream.Config{}, c.SubscribeAddrs()...)
		s.Tail("s", stream.Backfill{Positions: map[string]stream.Position{"vm-1": {Epoch: at.Epoch + 1, Seq: 5}}})
		n := s.notice(isKind(stream.KindGap))
		if !n.Unknown || n.Count != 0 || n.Source != "vm-1" || n.Stream != "s" {
			t.Errorf("told %+v, want a gap of unknown number", n)
		}
		s.expectNumbers(0, 20)
	})
	t.Run("evicted", func(t *testing.T) {
		p.numbers("s", 20, 20000)
		accepted(t, c, "s", 20000)
		s := readsDirect(t, stream.Config{}, c.SubscribeAddrs()...)
		s.Tail("s", stream.Backfill{Positions: map[string]stream.Position{"vm-1": at}})
		n := s.notice(isKind(stream.KindGap))
		if n.Unknown || n.Count == 0 || n.Reason == "" {
			t.Fatalf("told %+v, want an exact gap", n)
		}
		s.expectNumbers(12+int(n.Count), 20000)
	})
}

func TestDirectStopThenTail(t *testing.T) {
	noLeaks(t)
	c, _ := vm(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	s := readsDirect(t, stream.Config{}, c.SubscribeAddrs()...)
	s.Tail("s", stream.Backfill{})
	s.Tail("other", stream.Backfill{})
	s.notice(isKind(stream.KindBackfill))
	s.notice(isKind(stream.KindBackfill))
	p.numbers("s", 0, 5)
	s.expectNumbers(0, 5)

	s.Stop("s")
	s.Stop("never tailed")
	p.numbers("s", 5, 10)
	accepted(t, c, "s", 10)
	// The stop went out before this tail's request: what comes of it stands
	// behind all that the stopped one could still send.
	s.Stop("other")
	s.Tail("other", stream.Backfill{})
	s.notice(isKind(stream.KindBackfill))
	for b := s.TryTake(); b != nil; b = s.TryTake() {
		if len(b.Records) > 0 {
			t.Errorf("stopped, and got %s", b.Records[0].Data)
		}
	}

	s.Tail("s", stream.Backfill{Last: 2})
	s.expectNumbers(8, 10)
	if n, ok := s.next().(stream.Notice); !ok || n.Kind != stream.KindBackfill || n.Stream != "s" {
		t.Errorf("then comes %+v", n)
	}
	p.numbers("s", 10, 12)
	s.expectNumbers(10, 12)
	// Begun anew, it goes on from now: no gap is told.
	s.Tail("s", stream.Backfill{})
	s.notice(isKind(stream.KindBackfill))
	p.numbers("s", 12, 14)
	s.expectNumbers(12, 14)
}

// A consumer that does not take costs no more than the inbox, and is told
// exactly what that cost it.
func TestConsumerThatDoesNotTake(t *testing.T) {
	noLeaks(t)
	const inbox = 64 << 10
	c, _ := vm(t, consolidator.Config{Name: "vm-1", StreamBuffer: 256 << 10})
	s := readsDirect(t, stream.Config{Inbox: inbox}, c.SubscribeAddrs()...)
	s.Tail("s", stream.Backfill{})
	s.notice(isKind(stream.KindBackfill))

	const total = 60_000
	filler := strings.Repeat("x", 500)
	p := publishTo(t, c)
	var b []byte
	for i := range total {
		b = zmtp.AppendMessage(b, "s", fmt.Appendf(nil, `{"i":%d,"filler":%q}`, i, filler))
	}
	if _, err := p.conn.Write(b); err != nil {
		t.Fatal(err)
	}
	accepted(t, c, "s", total)

	ctx, cancel := context.WithTimeout(t.Context(), proxiedPatience)
	defer cancel()
	next, lost, largest := uint64(0), uint64(0), 0
	for next < total {
		b, err := s.Take(ctx)
		if err != nil {
			t.Fatalf("take: %v, at %d", err, next)
		}
		size := 0
		gaps := b.Notices
		for i := range len(b.Records) + 1 {
			for ; len(gaps) > 0 && gaps[0].At == i; gaps = gaps[1:] {
				if g := gaps[0]; g.Kind != stream.KindGap || g.Unknown || g.Count == 0 {
					t.Fatalf("told %+v", g)
				}
				next += gaps[0].Count
				lost += gaps[0].Count
			}
			if i == len(b.Records) {
				break
			}
			r := b.Records[i]
			size += len(r.Data) + stream.RecordCost
			if want := fmt.Sprintf(`{"i":%d,`, next); !strings.HasPrefix(string(r.Data), want) || r.Position.Seq != next {
				t.Fatalf("record %.20s at %d, expected %d", r.Data, r.Position.Seq, next)
			}
			next++
		}
		largest = max(largest, size)
		b.Release()
	}
	if lost == 0 || next != total {
		t.Errorf("%d lost; the last is %d of %d", lost, next, total)
	}
	// What is put at once is what was held, and one record more.
	if limit := inbox + stream.MaxHeld + 2048; largest > limit {
		t.Errorf("a batch of %d bytes, more than %d", largest, limit)
	}
	t.Logf("%d of %d lost, at most %d bytes waited", lost, total, largest)
}

func TestDirectStreams(t *testing.T) {
	noLeaks(t)
	a, _ := vm(t, consolidator.Config{Name: "vm-1"})
	b, _ := vm(t, consolidator.Config{Name: "vm-2"})
	s := readsDirect(t, stream.Config{}, a.SubscribeAddrs()[0], b.SubscribeAddrs()[0])
	s.WatchStreams(true)
	pa, pb := publishTo(t, a), publishTo(t, b)
	i := 0
	// Rates come with the second telling, after a second.
	until(t, "the rates", func() bool {
		pa.numbers("shared", i, i+1)
		pb.numbers("shared", i, i+1)
		pa.numbers("mine", i, i+1)
		i++
		all := s.Streams()
		return len(all) >= 2 && all[0].Rate > 0 && all[1].Rate > 0 && all[1].Sources == 2 && all[1].Bytes > 0
	})
	all := s.Streams()
	if all[0].Name != "mine" || all[0].Sources != 1 || all[1].Name != "shared" || all[1].Records <= all[0].Records {
		t.Errorf("the streams are %+v", all)
	}
	s.WatchStreams(false)
	if all := s.Streams(); len(all) != 0 {
		t.Errorf("not watched any more, and they are %+v", all)
	}
}

func TestDirectEnds(t *testing.T) {
	noLeaks(t)
	c, _ := vm(t, consolidator.Config{Name: "vm-1"})
	s := readsDirect(t, stream.Config{}, c.SubscribeAddrs()[0], "tcp://127.0.0.1:1")
	s.Tail("s", stream.Backfill{})
	s.notice(isKind(stream.KindBackfill))
	publishTo(t, c).numbers("s", 0, 1)
	<-s.Ready()
	s.stop()
	for {
		b, err := s.Take(t.Context())
		if err != nil {
			if err != stream.ErrClosed {
				t.Errorf("take: %v", err)
			}
			break
		}
		b.Release()
	}
	for name, cfg := range map[string]stream.Config{
		"neither":   {},
		"both":      {Proxy: "http://127.0.0.1:1", Consolidators: []string{"tcp://127.0.0.1:1"}},
		"endpoint":  {Consolidators: []string{"127.0.0.1:5552"}},
		"named two": {Consolidators: []string{"tcp://a:1", "tcp://a:1"}},
	} {
		if _, err := stream.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// foreignServer is an XPUB socket that is none of ours.
type foreignServer struct {
	endpoint string
	publish  func(name, record string)
}

// xpub listens with libzmq, and publishes what it reads: a name, a tab, a
// record.
const xpub = `
import sys, zmq
ctx = zmq.Context()
sock = ctx.socket(zmq.XPUB)
sock.setsockopt(zmq.LINGER, 0)
sock.setsockopt(zmq.HEARTBEAT_IVL, 500)
sock.setsockopt(zmq.HEARTBEAT_TIMEOUT, 5000)
sock.bind("tcp://127.0.0.1:*")
print(sock.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode(), flush=True)
for line in sys.stdin.buffer:
    sock.send_multipart(line.rstrip(b"\n").split(b"\t"))
sock.close()
ctx.term()
`

func libzmqServer(t *testing.T) foreignServer {
	const python = "/usr/bin/python3" // Debian's, which python3-zmq belongs to
	if out, err := exec.Command(python, "-c", "import zmq").CombinedOutput(); err != nil {
		if os.Getenv("SLUICE_CI") != "" {
			t.Fatalf("python3-zmq is not installed: %v: %s", err, out)
		}
		t.Skip("python3-zmq is not installed")
	}
	cmd := exec.Command(python, "-c", xpub)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("libzmq's XPUB: %v", err)
		}
	})
	endpoint, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return foreignServer{strings.TrimSpace(endpoint), func(name, record string) {
		if _, err := fmt.Fprintf(in, "%s\t%s\n", name, record); err != nil {
			t.Fatal(err)
		}
	}}
}

func goServer(t *testing.T) foreignServer {
	ctx, cancel := context.WithCancel(context.Background())
	pub := zmq4.NewPub(ctx)
	if err := pub.Listen("tcp://127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pub.Close(); cancel() })
	return foreignServer{"tcp://" + pub.Addr().String(), func(name, record string) {
		if err := pub.Send(zmq4.NewMsgFrom([]byte(name), []byte(record))); err != nil {
			t.Fatal(err)
		}
	}}
}

// Behind a foreign XPUB or PUB socket records arrive, exactly filtered, and
// the source says that nothing can be accounted for.
func TestForeignXPUB(t *testing.T) {
	for name, serve := range map[string]func(*testing.T) foreignServer{"libzmq": libzmqServer, "go-zeromq": goServer} {
		t.Run(name, func(t *testing.T) { testForeign(t, serve(t), stream.Config{}, stream.StateUnaccounted) })
	}
	// One of ours, read as any ZeroMQ socket would.
	t.Run("foreign on purpose", func(t *testing.T) {
		c, _ := vm(t, consolidator.Config{Name: "vm-1"})
		p := publishTo(t, c)
		testForeign(t, foreignServer{c.SubscribeAddrs()[0], func(name, record string) {
			if _, err := p.conn.Write(zmtp.AppendMessage(nil, name, []byte(record))); err != nil {
				t.Fatal(err)
			}
		}}, stream.Config{Foreign: true}, stream.StateUnaccounted)
	})
}

func testForeign(t *testing.T, server foreignServer, cfg stream.Config, state stream.State) {
	s := readsDirect(t, cfg, server.endpoint)
	s.Tail("tenant/acme", stream.Backfill{Last: 10})
	if n := s.state(); n.State != state || !n.State.Connected() || n.Source != strings.TrimPrefix(server.endpoint, "tcp://") {
		t.Errorf("told %+v", n)
	}
	s.notice(isKind(stream.KindBackfill))

	// A subscription is not acknowledged: publish until one record is here.
	begin := func(stream string) int {
		t.Helper()
		probes := 0
		until(t, "the subscription to "+stream, func() bool {
			server.publish(stream, fmt.Sprintf(`{"probe":%d}`, probes))
			probes++
			b := s.TryTake()
			return b != nil && len(b.Records) > 0
		})
		return probes
	}
	begin("tenant/acme")
	for i := range 20 {
		for _, name := range []string{"tenant/acme2", "tenant/acm", "tenant/acme/x", "tenant/"} {
			server.publish(name, `{"of":"a neighbour"}`)
		}
		server.publish("tenant/acme", fmt.Sprintf(`{"i":%d}`, i))
	}
	var seq uint64
	for i := 0; i < 20; {
		r := s.record()
		if r.Stream != "tenant/acme" || r.Backfill {
			t.Fatalf("got %+v", r)
		}
		if strings.HasPrefix(string(r.Data), `{"probe"`) {
			seq = r.Position.Seq
			continue
		}
		if string(r.Data) != fmt.Sprintf(`{"i":%d}`, i) || i > 0 && r.Position.Seq != seq+1 {
			t.Fatalf("got %s at %d, want %d", r.Data, r.Position.Seq, i)
		}
		seq = r.Position.Seq
		i++
	}

	// Stopped, it does not come; another one does.
	s.Stop("tenant/acme")
	s.Tail("system", stream.Backfill{})
	begin("system")
	server.publish("tenant/acme", `{"i":"stopped"}`)
	server.publish("system", `{"i":"last"}`)
	for {
		r := s.record()
		if r.Stream != "system" {
			t.Fatalf("stopped, and got %+v", r)
		}
		if string(r.Data) == `{"i":"last"}` {
			break
		}
	}
}

// A second Tail right behind the first gets an answer of its own: its backfill
// is whole when it is said to be, and nothing of the first is taken for it.
func TestTailTwiceAtOnce(t *testing.T) {
	noLeaks(t)
	c, _ := vm(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	p.numbers("s", 0, 1000)
	accepted(t, c, "s", 1000)
	s, err := stream.New(stream.Config{Consolidators: c.SubscribeAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	background(t, s.Run)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for round := range 100 {
		s.Tail("s", stream.Backfill{Last: 900})
		if round%2 == 0 {
			s.Stop("s")
		}
		s.Tail("s", stream.Backfill{Last: 50})
		backfill := 0
		for done := false; !done; {
			b, err := s.Take(ctx)
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			for _, n := range b.Notices {
				switch n.Kind {
				case stream.KindGap:
					t.Errorf("round %d: a gap of %d", round, n.Count)
				case stream.KindBackfill:
					done = true
					backfill += n.At
				}
			}
			if !done {
				backfill += len(b.Records)
			}
			b.Release()
			if backfill == 900 {
				// The first had its answer before the second was asked for.
				done, backfill = false, 0
			}
		}
		if backfill != 50 && backfill != 50+900 {
			t.Errorf("round %d: %d records of backfill", round, backfill)
		}
	}
}
