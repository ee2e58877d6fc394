package blocks_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

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

// Whatever stands in an index, and in the file that says from where on blocks are read: what
// is found is what its block has of that sequence.
func FuzzIndex(f *testing.F) {
	whole := binary.LittleEndian.AppendUint32(nil, 0)
	f.Add(whole, "", uint64(1), uint64(3))
	f.Add([]byte{}, "1", uint64(1), uint64(3))
	f.Add(make([]byte, 16), "no number", uint64(1), uint64(3))
	f.Add([]byte("something else that is long enough"), "4294967296", uint64(1), uint64(1<<63))
	f.Add(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, 172), 1<<31), "0", uint64(2), uint64(2))
	block := messages(1, 3)
	f.Fuzz(func(t *testing.T, index []byte, trusted string, first, last uint64) {
		files := newFiles(t)
		files.write(1, block)
		files.write(2, nil)
		if err := os.Mkdir(files.config.Index, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string][]byte{fmt.Sprintf("1-%d-%d.index", first, last): index, "trusted": []byte(trusted)} {
			if err := os.WriteFile(filepath.Join(files.config.Index, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r := files.open()
		for _, s := range []uint64{0, 1, 2, 3, 4, first, last, first + 1} {
			if got, ok := r.Get(s); ok && (got.Sequence != s || string(got.Payload) != payload(s)) {
				t.Errorf("message %d of %d bytes was found for %d", got.Sequence, len(got.Payload), s)
			}
		}
	})
}
