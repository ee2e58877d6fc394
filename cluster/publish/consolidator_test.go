package publish_test

import (
	"testing"

	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
)

// running is a consolidator that runs.
type running struct{ *consolidator.Consolidator }

// start runs a consolidator, on free ports if nothing else is said, until the
// test ends or stop is called.
func start(t testing.TB, cfg consolidator.Config) (c running, stop func()) {
	t.Helper()
	runs, stop := testcluster.Consolidator(t, cfg)
	return running{runs}, stop
}

// published is how many records stand in a stream.
func published(t testing.TB, c running, stream string) uint64 {
	t.Helper()
	p := testpeer.Tail(t, c.SubscribeAddrs()[0], zmtp.Tail{Name: stream})
	defer p.Close()
	for {
		tok, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if name, data, err := zmtp.SplitCommand(tok.Body); err == nil && name == zmtp.CmdMark {
			mark, err := zmtp.ParseMark(data)
			if err != nil {
				t.Fatal(err)
			}
			return mark.Next
		}
	}
}

// last is how many records stood in a stream in the end, from the last word of
// a consolidator that is told to end.
func last(t testing.TB, c running, stream string) <-chan uint64 {
	t.Helper()
	p := testpeer.Tail(t, c.SubscribeAddrs()[0], zmtp.Tail{Name: stream})
	for { // until the tail has begun
		tok, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if name, _, err := zmtp.SplitCommand(tok.Body); err == nil && name == zmtp.CmdMark {
			break
		}
	}
	n := make(chan uint64, 1)
	go func() {
		defer close(n)
		defer p.Close()
		for {
			tok, err := p.Next()
			if err != nil {
				return
			}
			if tok.Kind != zmtp.TokenCommand {
				continue
			}
			if name, data, _ := zmtp.SplitCommand(tok.Body); name == zmtp.CmdBye {
				if ends, err := zmtp.ParseBye(data); err == nil && len(ends) == 1 {
					n <- ends[0].Next
				}
			}
		}
	}()
	return n
}
