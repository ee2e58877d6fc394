package fanout_test

import (
	"math/rand/v2"
	"testing"
)

// FuzzHub does what the input says with a Hub, one reader of exact tails and
// one of prefixes, and compares all that they are given with a model which
// keeps every entry that there ever was.
func FuzzHub(f *testing.F) {
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		b := make([]byte, 1000)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		m := newModel(t, &tape{b: script})
		for range 400 {
			if len(m.in.b) == 0 {
				break
			}
			m.step()
		}
		m.settle()
		m.exact.Close()
		m.prefix.Close()
	})
}

// tape is the input; after its end it gives noughts.
type tape struct{ b []byte }

func (t *tape) next() int {
	if len(t.b) == 0 {
		return 0
	}
	v := t.b[0]
	t.b = t.b[1:]
	return int(v)
}

// upTo gives a number of two bytes below n.
func (t *tape) upTo(n int) int { return (t.next()<<8 | t.next()) % n }
