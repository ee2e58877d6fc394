package zmtp_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"sluice/cluster/zmtp"
	"sluice/internal/testpeer"
)

// connected returns both ends of a connection, whose small buffers are soon full.
func connected(t *testing.T, network string, mechanism zmtp.Mechanism) (a, b *zmtp.Conn) {
	t.Helper()
	an, bn := pair(t, network)
	for _, nc := range []any{an, bn} {
		small := nc.(interface {
			SetReadBuffer(int) error
			SetWriteBuffer(int) error
		})
		if err := errors.Join(small.SetReadBuffer(64<<10), small.SetWriteBuffer(64<<10)); err != nil {
			t.Fatal(err)
		}
	}
	asReader, asConsolidator := reader, consolidator
	asReader.Mechanism, asConsolidator.Mechanism = mechanism, mechanism
	other := shake(bn, asConsolidator)
	a, err := zmtp.Handshake(an, asReader)
	if err != nil {
		t.Fatal(err)
	}
	done := <-other
	if done.err != nil {
		t.Fatal(done.err)
	}
	return a, done.conn
}

// messages reads all messages until the peer ends.
func messages(in *zmtp.Receiver, each func(t zmtp.Token)) error {
	for {
		t, err := in.Next()
		switch {
		case err != nil:
			return err
		case t.Kind != zmtp.TokenNone:
			each(t)
			continue
		}
		if err := in.Fill(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// What is written without waiting, in many pieces, to a peer that is slow at first,
// arrives whole, once and in order, whatever the mechanism; and little is kept.
func TestEveryPieceIsWrittenOnce(t *testing.T) {
	for name, mechanism := range map[string]zmtp.Mechanism{"null": zmtp.Null, "sealed": testpeer.Scrambled} {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(name+" "+network, func(t *testing.T) {
				t.Parallel()
				a, b := connected(t, network, mechanism)
				const all = 2000
				dice := rand.New(rand.NewPCG(1, 2))
				var pieces [][]byte
				total := 0
				for n := 0; n < all; {
					var piece []byte
					for range 1 + dice.IntN(30) {
						size := 1 + dice.IntN(2000)
						if n%300 == 0 {
							size = 100_000
						}
						piece = zmtp.AppendMessage(piece, fmt.Sprint("s", n), make([]byte, size))
						n++
					}
					total += len(piece)
					pieces = append(pieces, piece)
				}
				full := make(chan struct{})
				wrote := make(chan error, 1)
				go func() {
					defer func() { _ = b.CloseWrite() }()
					var failed error
					met := false
					err := b.WriteReady(func(ready zmtp.Ready) bool {
						for len(pieces) > 0 || b.Kept() > 0 {
							n, err := ready.Write(pieces)
							if err == zmtp.ErrFull && n == 0 {
								if !met {
									met = true
									close(full)
								}
								return false
							}
							if most := 102 << 10; err != nil || b.Kept() > most {
								failed = fmt.Errorf("%d bytes kept: %w", b.Kept(), err)
								return true
							}
							for n > 0 {
								k := min(n, len(pieces[0]))
								n -= k
								if pieces[0] = pieces[0][k:]; len(pieces[0]) == 0 {
									pieces = pieces[1:]
								}
							}
						}
						return true
					})
					wrote <- errors.Join(err, failed)
				}()
				<-full
				in := zmtp.NewReceiver(a)
				defer in.Close()
				n := 0
				if err := messages(in, func(tok zmtp.Token) {
					if want := fmt.Sprint("s", n); string(tok.Name) != want {
						t.Fatalf("message %q, want %q", tok.Name, want)
					}
					n++
				}); err != nil {
					t.Error(err)
				}
				if err := <-wrote; err != nil {
					t.Error(err)
				}
				if n < all || in.Received() != uint64(total) {
					t.Errorf("%d messages and %d bytes arrived, of %d bytes", n, in.Received(), total)
				}
			})
		}
	}
}

// Without a codec nothing is copied, and nothing allocated.
func TestNullWritesWithoutAllocating(t *testing.T) {
	_, b := connected(t, "tcp", zmtp.Null)
	piece := zmtp.AppendMessage(nil, "s", make([]byte, 50))
	pieces := [][]byte{piece, piece, piece}
	if err := b.WriteReady(func(ready zmtp.Ready) bool {
		if n := testing.AllocsPerRun(100, func() {
			if n, err := ready.Write(pieces); n != 3*len(piece) || err != nil {
				t.Errorf("wrote %d bytes: %v", n, err)
			}
		}); n > 0 {
			t.Errorf("%v allocations a write", n)
		}
		return true
	}); err != nil {
		t.Error(err)
	}
}

// Requests are read through a codec as without it; one above the limit is passed over
// without being kept, and what follows is read.
func TestSealedRequests(t *testing.T) {
	a, b := connected(t, "tcp", testpeer.Scrambled)
	const all = 1000
	var out []byte
	for n := range all {
		out = zmtp.AppendSubscription(out, b.Peer.Version, fmt.Sprint("tenant/", n), false)
	}
	out = zmtp.AppendMessage(out, "too large", make([]byte, 4*zmtp.MaxRecord))
	out = zmtp.AppendSubscription(out, b.Peer.Version, fmt.Sprint("tenant/", all), false)
	wrote := make(chan error, 1)
	go func() {
		_, err := b.Write(out)
		wrote <- err
	}()
	in := zmtp.NewRequests(a)
	defer in.Close()
	n, large := 0, 0
	for n <= all {
		tok, err := in.Next()
		switch {
		case err != nil:
			t.Fatalf("%d of %d requests, and then %v", n, all, err)
		case tok.Kind == zmtp.TokenTooLarge:
			large++
		case tok.Kind == zmtp.TokenCommand:
			if want := fmt.Sprint("\x09SUBSCRIBEtenant/", n); string(tok.Body) != want {
				t.Fatalf("request %q, want %q", tok.Body, want)
			}
			n++
		case tok.Kind == zmtp.TokenNone:
			if err := in.Fill(); err != nil {
				t.Fatalf("%d of %d requests, and then %v", n, all, err)
			}
		}
	}
	if large != 1 {
		t.Errorf("%d requests were too large", large)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

// lent is the mechanism of testpeer, whose codec a test uses itself.
type lent struct{ codec zmtp.Codec }

func (*lent) Greeting() (name string, server bool) { return testpeer.Scrambled.Greeting() }

func (l *lent) Handshake(x *zmtp.Exchange, ours []zmtp.Property) (theirs zmtp.Properties, _ zmtp.Codec, err error) {
	theirs, l.codec, err = testpeer.Scrambled.Handshake(x, ours)
	return theirs, l.codec, err
}

// A sealed frame that comes in parts is held, and known to be the same until it is
// whole: so a peer that sends nothing whole can be found.
func TestPartOfASealedFrameIsHeld(t *testing.T) {
	an, bn := pair(t, "tcp")
	mechanism := &lent{}
	asConsolidator, asReader := consolidator, reader
	asConsolidator.Mechanism, asReader.Mechanism = mechanism, testpeer.Scrambled
	other := shake(bn, asConsolidator)
	a, err := zmtp.Handshake(an, asReader)
	if err != nil {
		t.Fatal(err)
	}
	if done := <-other; done.err != nil {
		t.Fatal(done.err)
	}
	command := zmtp.AppendPing(nil, 0)
	message := zmtp.AppendSubscription(nil, zmtp.Version{Major: 3}, string(make([]byte, 100_000)), false) // one frame
	seal := func(frame []byte) []byte {
		sealed, err := mechanism.codec.Seal(nil, frame)
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	type held struct {
		bytes int
		other bool
	}
	holds := make(chan held, 1000)
	in := zmtp.NewReceiver(a)
	in.Holds = func(bytes int, other bool) { holds <- held{bytes, other} }
	ended := make(chan error, 1)
	whole := 0
	go func() { ended <- messages(in, func(zmtp.Token) { whole++ }) }()
	// sent writes, and waits until so much is held; it reports whether that is
	// something other than before.
	sent := func(b []byte, bytes int) (other bool) {
		if _, err := bn.Write(b); err != nil {
			t.Fatal(err)
		}
		for {
			h := <-holds
			other = other || h.other
			if h.bytes >= bytes {
				return other
			}
		}
	}
	sealed := seal(message)
	sent(sealed[:40_000], 40_000)
	if sent(sealed[40_000:90_000], 90_000) {
		t.Error("more of the same frame is something other")
	}
	next := append(sealed[90_000:], seal(command)...)
	sealed = seal(message)
	if !sent(append(next, sealed[:50_000]...), 50_000) {
		t.Error("the next frame is nothing other")
	}
	bn.Close()
	if err := <-ended; err != nil || whole != 2 || in.Received() != uint64(len(message)+len(command)) {
		t.Errorf("%d tokens, %d bytes: %v", whole, in.Received(), err)
	}
}
