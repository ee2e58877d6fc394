package curve_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
)

// runs is a codec that works on several frames at once.
type runs interface {
	SealRun(dst, frames []byte, most int) ([]byte, int, error)
	OpenRun(dst, sealed []byte, limit int) ([]byte, int, error)
}

// someFrames are frames of random kinds and sizes, most of them small.
func someFrames(random *rand.Rand, n int) (frames []byte) {
	kinds := []byte{0, zmtp.FlagMore, zmtp.FlagCommand}
	for range n {
		size := random.IntN(300)
		switch random.IntN(12) {
		case 0:
			size = random.IntN(1100)
		case 1:
			size = random.IntN(40_000)
		}
		frames = zmtp.AppendFrameHeader(frames, kinds[random.IntN(len(kinds))], uint64(size))
		for range size {
			frames = append(frames, byte(random.Uint32()))
		}
	}
	return frames
}

// Several frames at once are sealed as one by one, byte for byte, and opened as such,
// however they come.
func TestRuns(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		frames := someFrames(random, 60)
		oneByOne, _ := curve.NewCodecs()
		client, server := curve.NewCodecs()
		var want, sealed, opened []byte
		for rest := frames; len(rest) > 0; {
			_, size, h, _ := zmtp.FrameHeader(rest)
			want = append(want, seal(t, oneByOne, rest[:h+int(size)])...)
			rest = rest[h+int(size):]
		}
		for rest := frames; len(rest) > 0; {
			most := 1 + random.IntN(8000)
			b, n, err := client.(runs).SealRun(nil, rest, most)
			_, size, h, _ := zmtp.FrameHeader(rest)
			if one := n == h+int(size); err != nil || n == 0 || len(b) > most && !one {
				t.Fatalf("%d bytes of %d at most, of %d: %v", len(b), most, n, err)
			}
			sealed, rest = append(sealed, b...), rest[n:]
		}
		if !bytes.Equal(sealed, want) {
			t.Fatal("a run is sealed as something else")
		}
		for rest, there := sealed, 0; len(rest) > 0; {
			there = min(len(rest), there+1+random.IntN(3000))
			b, n, err := server.(runs).OpenRun(opened, slices.Clone(rest[:there]), 50_000)
			if err != nil || len(b)-len(opened) > n {
				t.Fatalf("%d bytes of %d: %v", len(b)-len(opened), n, err)
			}
			opened, rest, there = b, rest[n:], there-n
		}
		if !bytes.Equal(opened, frames) {
			t.Fatal("a run is opened as something else")
		}
	}
}

// Of a run in which something was changed, what is before that is opened, and nothing
// behind it.
func TestTamperedRuns(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		var frames, sealed []byte
		var ends, opensTo []int // of each
		client, server := curve.NewCodecs()
		for range 1 + random.IntN(9) {
			frame := someFrames(random, 1)
			sealed, frames = append(sealed, seal(t, client, frame)...), append(frames, frame...)
			ends, opensTo = append(ends, len(sealed)), append(opensTo, len(frames))
		}
		at := random.IntN(len(sealed))
		bit := byte(1) << random.IntN(8)
		hit := 0 // the frame that is changed
		for ends[hit] <= at {
			hit++
		}
		begin, good := 0, 0
		if hit > 0 {
			begin, good = ends[hit-1], opensTo[hit-1]
		}
		if _, _, h, _ := zmtp.FrameHeader(sealed[begin:]); at < begin+h {
			continue // it is another frame then, perhaps one that is passed over
		}
		sealed[at] ^= bit
		var opened []byte
		var err error
		for n := 1; n > 0 && err == nil; {
			opened, n, err = server.(runs).OpenRun(opened, sealed, 1<<20)
			sealed = sealed[n:]
		}
		if !bytes.Equal(opened, frames[:good]) || !errors.Is(err, zmtp.ErrProtocol) {
			t.Fatalf("%d bytes were opened, want %d: %v", len(opened), good, err)
		}
	}
}
