package blocks

import (
	"cmp"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Config is where the files are.
type Config struct {
	Blocks string // the directory of the server's blocks
	Index  string // that of the indexes and sums, which is made when it is not there
	Stream string // the JetStream stream; empty: no sums are made
	Log    *slog.Logger
}

// Reader reads the messages of a JetStream stream.
type Reader struct {
	config Config

	mu      sync.RWMutex
	indexes []index  // by first
	again   []uint32 // blocks that were rewritten, to be indexed anew
	trusted uint32   // the first block that is read

	sums map[uint32]identity // the blocks that are summed up; of keepSums alone
}

const (
	trustName = "trusted" // the file that says from which block on blocks are read
	maxAgain  = 1024
)

// Open returns what reads, with the indexes that are there.
func Open(c Config) (*Reader, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	r := &Reader{config: c, sums: make(map[uint32]identity)}
	if err := os.MkdirAll(c.Index, 0o700); err != nil {
		return nil, err
	}
	switch text, err := os.ReadFile(filepath.Join(c.Index, trustName)); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
		if err != nil {
			n = 1<<32 - 1 // damaged: nothing is trusted
		}
		r.trusted = uint32(n)
	}
	entries, err := os.ReadDir(c.Index)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if i, ok := parseIndex(e.Name()); ok {
			r.indexes = append(r.indexes, i)
		} else if _, ok := parseSum(e.Name()); !ok && e.Name() != trustName {
			_ = os.Remove(filepath.Join(c.Index, e.Name())) // half of one
		}
	}
	slices.SortFunc(r.indexes, byFirst)
	return r, nil
}

// Get returns the message of a sequence, and false when it is not found here.
func (r *Reader) Get(sequence uint64) (Record, bool) {
	i, ok := r.indexOf(sequence)
	if !ok {
		return Record{}, false
	}
	record, err := r.read(i, sequence)
	switch {
	case err == nil:
		return record, true
	case errors.Is(err, errStale), errors.Is(err, fs.ErrNotExist):
		r.drop(i)
	}
	return Record{}, false
}

var (
	errStale  = errors.New("the block is not as it was indexed")
	errAbsent = errors.New("the block does not have it")
)

// read reads a record, without its hash.
func (r *Reader) read(i index, sequence uint64) (Record, error) {
	offset, length, err := i.find(r.config.Index, sequence)
	switch {
	case err != nil:
		return Record{}, err
	case length == 0:
		return Record{}, errAbsent
	}
	f, err := os.Open(blockPath(r.config.Blocks, i.block))
	if err != nil {
		return Record{}, err
	}
	defer func() { _ = f.Close() }()
	b := make([]byte, min(length, maxRecord)) // tombstones may follow it
	if err := readAt(f, b, offset); err != nil {
		return Record{}, err
	}
	record, err := readRecord(b)
	if err != nil || record.Sequence != sequence {
		return Record{}, errStale
	}
	return record, nil
}

// indexOf is the index of the block that a sequence is in.
func (r *Reader) indexOf(sequence uint64) (index, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	at, found := slices.BinarySearchFunc(r.indexes, sequence, func(i index, s uint64) int { return cmp.Compare(i.first, s) })
	if !found {
		at--
	}
	if at < 0 || r.indexes[at].last < sequence || r.indexes[at].block < r.trusted {
		return index{}, false
	}
	return r.indexes[at], true
}

// drop lets go of an index. If its block is still there, it is indexed anew.
func (r *Reader) drop(i index) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := slices.Index(r.indexes, i)
	if at < 0 {
		return
	}
	r.indexes = slices.Delete(r.indexes, at, at+1)
	_ = os.Remove(filepath.Join(r.config.Index, i.name()))
	if len(r.again) < maxAgain {
		r.again = append(r.again, i.block)
	}
}

// Distrust has nothing found any more of what is held now: messages were removed from
// within. It lasts over restarts.
func (r *Reader) Distrust() error {
	blocks, err := list(r.config.Blocks)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range blocks {
		r.trusted = max(r.trusted, b+1)
	}
	for _, i := range r.indexes {
		_ = os.Remove(filepath.Join(r.config.Index, i.name()))
	}
	r.indexes, r.again = nil, nil
	return os.WriteFile(filepath.Join(r.config.Index, trustName), strconv.AppendUint(nil, uint64(r.trusted), 10), 0o600)
}

// list is the numbers of the blocks of a directory, in their order.
func list(dir string) ([]uint32, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []uint32
	for _, e := range entries {
		if text, ok := strings.CutSuffix(e.Name(), ".blk"); ok {
			if n, err := strconv.ParseUint(text, 10, 32); err == nil {
				all = append(all, uint32(n))
			}
		}
	}
	slices.Sort(all)
	return all, nil
}
