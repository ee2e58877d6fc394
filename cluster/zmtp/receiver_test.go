package zmtp_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"sluice/cluster/block"
	"sluice/cluster/zmtp"
)

// What is received stays as it is for whoever holds its block, however much
// comes after it, and however often the receiver waits.
func TestHeldBlocksStayAsTheyAre(t *testing.T) {
	a, b := connected(t, "tcp", zmtp.Null)
	size := func(n int) int { return []int{1, 300, 5000, 100_000, 200_000}[n%5] + n%7 }
	const all = 400
	turn := make(chan struct{}, 1) // the receiver has all that was sent
	go func() {
		dice := rand.New(rand.NewPCG(1, 2))
		for n := 0; n < all; {
			var some []byte
			for last := min(all, n+1+dice.IntN(20)); n < last; n++ {
				record := make([]byte, size(n))
				for i := range record {
					record[i] = byte(n)
				}
				some = zmtp.AppendMessage(some, "s", record)
			}
			if _, err := b.Write(some); err != nil {
				break
			}
			if dice.IntN(2) == 0 {
				<-turn
			}
		}
		_ = b.CloseWrite()
	}()

	type kept struct {
		in   *block.Block
		body []byte
		n    int
	}
	var keeps []kept
	check := func(k kept) {
		if len(k.body) != size(k.n) {
			t.Errorf("record %d has %d bytes, want %d", k.n, len(k.body), size(k.n))
		}
		for _, c := range k.body {
			if c != byte(k.n) {
				t.Fatalf("record %d was changed", k.n)
			}
		}
		k.in.Release()
	}
	in := zmtp.NewReceiver(a)
	defer in.Close()
	n, held := 0, 0
	for {
		for {
			tok, err := in.Next()
			if err != nil {
				t.Fatal(err)
			}
			if tok.Kind == zmtp.TokenNone {
				break
			}
			if in := in.Block(); in != nil {
				in.Hold()
				keeps = append(keeps, kept{in, tok.Body, n})
				held++
			}
			n++
		}
		for len(keeps) > 30 {
			check(keeps[0])
			keeps = keeps[1:]
		}
		select {
		case turn <- struct{}{}:
		default:
		}
		if err := in.Fill(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range keeps {
		check(k)
	}
	if n != all || held < all/2 {
		t.Errorf("received %d records, %d of them in blocks", n, held)
	}
}
