package blocks

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// index is where the messages of a block stand.
type index struct {
	block       uint32
	first, last uint64 // sequences
}

func (i index) name() string { return fmt.Sprintf("%d-%d-%d.index", i.block, i.first, i.last) }

// parseIndex reads the name of an index.
func parseIndex(name string) (i index, ok bool) {
	if _, err := fmt.Sscanf(name, "%d-%d-%d.index", &i.block, &i.first, &i.last); err != nil {
		return i, false
	}
	return i, name == i.name() && i.first > 0 && i.first <= i.last
}

const (
	maxBlock    = 64 << 20 // bytes; the server ends one at 8 MiB
	maxSequence = 1 << 20  // of a block, from the first to the last: a record has 30 bytes at least
	window      = 4 << 10  // of a block that is read at once to be indexed
)

var errNotIndexed = errors.New("it cannot be indexed")

// find returns where a sequence stands in its block: length is 0 when it does not.
func (i index) find(dir string, sequence uint64) (offset int64, length int, err error) {
	f, err := os.Open(filepath.Join(dir, i.name()))
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = f.Close() }()
	var b [8]byte
	if err := readAt(f, b[:], int64(sequence-i.first)*4); err != nil {
		return 0, 0, err
	}
	from, to := binary.LittleEndian.Uint32(b[:]), binary.LittleEndian.Uint32(b[4:])
	if to == 0 || to < from || to > maxBlock {
		return 0, 0, errStale // or all zeros: the machine went down before it was on the disk
	}
	return int64(from), int(to - from), nil
}

// readAt reads what ought to be there.
func readAt(f *os.File, b []byte, at int64) error {
	_, err := f.ReadAt(b, at)
	if errors.Is(err, io.EOF) {
		return errStale
	}
	return err
}

// locate reads a block through, and returns its index. Of records it reads the heads only,
// where they are longer than a window.
func locate(block io.ReaderAt, size int64) (offsets []uint32, first uint64, err error) {
	if size > maxBlock {
		return nil, 0, errNotIndexed
	}
	buf := make([]byte, window)
	var at, had, end int64 // the record, and what of the block is in buf
	next := uint64(0)
	for at < size {
		if at+headSize > end {
			n, err := block.ReadAt(buf, at)
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, 0, err
			}
			had, end = at, at+int64(n)
		}
		h, err := readHead(buf[at-had : end-had])
		if err != nil || at+int64(h.size) > size {
			return nil, 0, errNotIndexed
		}
		if h.sequence == 0 {
			return nil, 0, errNotIndexed
		}
		if !h.gone {
			if first == 0 {
				first, next = h.sequence, h.sequence
			}
			if h.sequence < next || h.sequence-first >= maxSequence {
				return nil, 0, errNotIndexed
			}
			for ; next <= h.sequence; next++ {
				offsets = append(offsets, uint32(at))
			}
		}
		at += int64(h.size)
	}
	if first == 0 {
		return nil, 0, errNotIndexed
	}
	return append(offsets, uint32(size)), first, nil
}

// makeIndex makes the index of a block, as a file of a directory.
func makeIndex(blocks, dir string, block uint32) (i index, err error) {
	f, err := os.Open(blockPath(blocks, block))
	if err != nil {
		return i, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return i, err
	}
	offsets, first, err := locate(f, info.Size())
	if err != nil {
		return i, err
	}
	i = index{block, first, first + uint64(len(offsets)) - 2}
	text := make([]byte, 0, 4*len(offsets))
	for _, o := range offsets {
		text = binary.LittleEndian.AppendUint32(text, o)
	}
	path := filepath.Join(dir, i.name())
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return i, errors.Join(err, os.Remove(path+".new"))
	}
	return i, os.Rename(path+".new", path)
}

func blockPath(dir string, block uint32) string {
	return filepath.Join(dir, fmt.Sprintf("%d.blk", block))
}

func byFirst(a, b index) int { return cmp.Compare(a.first, b.first) }
