package blocks_test

import "testing"

// Whatever stands in a block: what is found is of the sequence that was asked for.
func FuzzBlocks(f *testing.F) {
	f.Add(messages(1, 3), uint64(2))
	f.Add(tombstone(messages(7, 9), 8), uint64(8))
	f.Add(message(messages(7, 9), 1<<40, "far"), uint64(1<<40))
	f.Add(messages(1, 3)[:500], uint64(1))
	f.Add([]byte("no block"), uint64(0))
	f.Fuzz(func(t *testing.T, block []byte, sequence uint64) {
		files := newFiles(t)
		files.write(1, block)
		files.write(2, nil)
		r := files.open()
		r.IndexNow()
		for _, s := range []uint64{sequence, sequence + 1, 1} {
			if got, ok := r.Get(s); ok && got.Sequence != s {
				t.Errorf("message %d was found for %d", got.Sequence, s)
			}
		}
	})
}
