package zmtp_test

import (
	"bytes"
	"errors"
	"net"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// within fails the test unless f returns with the error of an aborted connection.
func within(t *testing.T, what string, f func() error) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- f() }()
	select {
	case err := <-ended:
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	case <-time.After(wait.Limit):
		t.Fatalf("%s does not end", what)
	}
}

// stuffed is what fills a connection whose peer does not read.
var stuffed = bytes.Repeat(zmtp.AppendMessage(nil, "s", make([]byte, 1000)), 1000)

// An aborted connection ends whoever waits in it: reading, writing, and writing when
// it may.
func TestAbortEndsWhoWaits(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]zmtp.Mechanism{"plain": zmtp.Null, "sealed": testpeer.Scrambled} {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(name+" "+network, func(t *testing.T) {
				t.Parallel()
				waits := map[string]func(c *zmtp.Conn, parked func()) error{
					"reading": func(c *zmtp.Conn, parked func()) error {
						in := zmtp.NewReceiver(c)
						in.Holds = func(int, bool) { parked() }
						return in.Fill()
					},
					"reading requests": func(c *zmtp.Conn, parked func()) error {
						parked()
						return zmtp.NewRequests(c).Fill()
					},
					"writing": func(c *zmtp.Conn, parked func()) error {
						for {
							if n, err := c.TryWrite(stuffed); n == 0 || err != nil {
								break
							}
						}
						parked()
						for {
							if _, err := c.Write(stuffed); err != nil {
								return err
							}
						}
					},
					"writing when it may": func(c *zmtp.Conn, parked func()) error {
						return c.WriteReady(func(r zmtp.Ready) bool {
							for {
								if _, err := r.Write([][]byte{stuffed}); err != nil {
									parked()
									return err != zmtp.ErrFull
								}
							}
						})
					},
				}
				for what, f := range waits {
					c, _ := connected(t, network, m)
					parked := make(chan struct{}, 1000)
					go func() {
						<-parked
						c.Abort()
					}()
					within(t, what, func() error { return f(c, func() { parked <- struct{}{} }) })
				}
			})
		}
	}
}

// A connection may abort itself in what it calls, and is not waited for by whoever
// aborts it while that runs. Nothing begins anew in it: not by a deadline, either.
func TestAbortWaitsForNobody(t *testing.T) {
	t.Parallel()
	c, _ := connected(t, "tcp", zmtp.Null)
	in := zmtp.NewReceiver(c)
	in.Holds = func(int, bool) { c.Abort() }
	within(t, "reading", in.Fill)

	c, _ = connected(t, "tcp", zmtp.Null)
	within(t, "writing", func() error {
		return c.WriteReady(func(r zmtp.Ready) bool {
			for {
				if _, err := r.Write([][]byte{stuffed}); err != nil {
					c.Abort()
					return false
				}
			}
		})
	})

	c, _ = connected(t, "tcp", zmtp.Null)
	within(t, "reading", func() error {
		in := zmtp.NewReceiver(c)
		in.Holds = func(int, bool) {
			aborted := make(chan struct{})
			go func() { defer close(aborted); c.Abort() }()
			<-aborted
		}
		return in.Fill()
	})
	for _, set := range []func(time.Time) error{c.SetDeadline, c.SetReadDeadline, c.SetWriteDeadline} {
		if err := set(time.Now().Add(wait.Limit)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a deadline was set: %v", err)
		}
	}
	within(t, "reading anew", zmtp.NewRequests(c).Fill)
	within(t, "writing anew", func() error { _, err := c.Write(stuffed[:10]); return err })
	within(t, "trying to write anew", func() error { _, err := c.TryWrite(stuffed[:10]); return err })
}
