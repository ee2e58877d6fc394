package direct

import (
	"fmt"
	"testing"

	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
)

// asking is a link that is connected to a sluice peer, which a test plays.
func asking() *link {
	l := newLink(nil, zmtp.Endpoint{})
	l.conn = &zmtp.Conn{Peer: zmtp.Peer{Sluice: true}}
	l.anew()
	return l
}

// commands are what the link has to write.
func commands(t *testing.T, l *link) (all []string) {
	t.Helper()
	rest := l.take()
	for len(rest) > 0 {
		n := int(rest[1])
		name, data, err := zmtp.SplitCommand(rest[2 : 2+n])
		if err != nil {
			t.Fatal(err)
		}
		switch name {
		case zmtp.CmdPing:
			name += fmt.Sprint(" ", zmtp.PongContext(data[2:]))
		case zmtp.CmdStop:
			of, _ := zmtp.ParseName(data)
			name += " " + of
		case zmtp.CmdTail:
			of, _ := zmtp.ParseTail(data)
			name += " " + of.Name
		}
		all, rest = append(all, name), rest[2+n:]
	}
	return all
}

// A stream that is wanted again is asked for behind the PONG that comes behind all
// answers to what was asked for before, whoever else comes and goes meanwhile; and what
// was stopped is forgotten behind it.
func TestStreamsThatAreWantedAgainWaitForTheirPong(t *testing.T) {
	l := asking()
	tails := make(map[string]*tail)
	want := func(names ...string) {
		for _, n := range names {
			tails[n] = &tail{name: n, from: stream.Backfill{}}
			l.tail(tails[n])
		}
	}
	check := func(when string, want ...string) {
		t.Helper()
		if got := commands(t, l); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s it writes %q, want %q", when, got, want)
		}
	}
	want("a", "b", "c")
	check("at first", "X-TAIL a", "X-TAIL b", "X-TAIL c")
	l.stop("a")
	l.stop("b")
	want("b", "c")
	l.stop("c")
	check("after three ends", "X-STOP a", "X-STOP b", "X-STOP c", "PING 1")
	want("c")
	l.stop("b")
	want("b")
	check("with one PING on its way") // behind that everything is over
	l.passed(0)                       // a heartbeat's
	check("after a heartbeat")
	l.passed(1)
	check("after the PONG", "X-TAIL b", "X-TAIL c")
	if l.cursors["b"].tail != tails["b"] || l.cursors["b"].barrier != 0 || l.cursors["a"] != nil {
		t.Error("it does not stand where it asked")
	}
	l.stop("b")
	l.stop("c")
	check("after all ends", "X-STOP b", "X-STOP c", "PING 2")
	l.passed(2)
	if len(l.stopping)+len(l.barred)+len(l.stopped)+len(l.cursors) > 0 {
		t.Errorf("it remembers what was stopped: stopping %v, barred %v, stopped %v", l.stopping, l.barred, l.stopped)
	}
	l.stop("never")
	check("after the end of what it never asked for")
	want("a")
	check("for what it has forgotten", "X-TAIL a")
}

// All streams of a link end and are wanted again.
func BenchmarkStreamsWantedAgain(b *testing.B) {
	for _, n := range []int{1000, 4000, 16000} {
		b.Run(fmt.Sprint("streams=", n), func(b *testing.B) {
			l := asking()
			all := make([]*tail, n)
			for i := range all {
				all[i] = &tail{name: fmt.Sprint("tenant/", i)}
				l.tail(all[i])
			}
			l.take()
			b.ReportAllocs()
			for b.Loop() {
				before := l.barrier
				for _, t := range all {
					l.stop(t.name)
					l.tail(t)
				}
				l.take()
				for at := before + 1; at <= max(l.barrier, before+uint64(n)); at++ {
					l.passed(at)
				}
				l.take()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/stream")
		})
	}
}
