package blocks_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/archive/engine/blocks"
)

// message appends a message to a block, as the server writes it.
func message(b []byte, sequence uint64, payload string) []byte {
	const subject, header = "logs.vm-1.system", "NATS/1.0\r\nA: b\r\n\r\n"
	size := 22 + len(subject) + 4 + len(header) + len(payload) + 8
	b = binary.LittleEndian.AppendUint32(b, uint32(size)|1<<31)
	b = binary.LittleEndian.AppendUint64(b, sequence)
	b = binary.LittleEndian.AppendUint64(b, sequence*1000)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(subject)))
	b = append(b, subject...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	return append(append(append(b, header...), payload...), "checksum"...)
}

// tombstone appends what tells that a message was removed.
func tombstone(b []byte, sequence uint64) []byte {
	b = binary.LittleEndian.AppendUint32(b, 30)
	b = binary.LittleEndian.AppendUint64(b, sequence|1<<62)
	return append(b, make([]byte, 8+2+8)...)
}

func payload(sequence uint64) string {
	return strings.Repeat(fmt.Sprint(sequence, " "), int(sequence)*100)
}

// messages are a block of consecutive ones.
func messages(from, to uint64) (b []byte) {
	for s := from; s <= to; s++ {
		b = message(b, s, payload(s))
	}
	return b
}

type files struct {
	t      testing.TB
	config blocks.Config
}

func newFiles(t testing.TB) files {
	dir := t.TempDir()
	f := files{t, blocks.Config{Blocks: filepath.Join(dir, "msgs"), Index: filepath.Join(dir, "index")}}
	if err := os.Mkdir(f.config.Blocks, 0o700); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f files) write(block int, text []byte) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.config.Blocks, fmt.Sprintf("%d.blk", block)), text, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f files) open() *blocks.Reader {
	f.t.Helper()
	r, err := blocks.Open(f.config)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// indexes are the indexes that there are.
func (f files) indexes() string {
	all, err := filepath.Glob(filepath.Join(f.config.Index, "*-*"))
	if err != nil {
		f.t.Fatal(err)
	}
	for i := range all {
		all[i] = filepath.Base(all[i])
	}
	return strings.Join(all, " ")
}

// finds checks of sequences whether their messages are found.
func finds(t *testing.T, r *blocks.Reader, want bool, sequences ...uint64) {
	t.Helper()
	for _, s := range sequences {
		got, ok := r.Get(s)
		if ok != want {
			t.Errorf("message %d: found %v, want %v", s, ok, want)
		}
		if ok && (got.Sequence != s || string(got.Payload) != payload(s) || got.Stored != int64(s)*1000 ||
			got.Subject != "logs.vm-1.system" || string(got.Header) != "NATS/1.0\r\nA: b\r\n\r\n") {
			t.Errorf("message %d: %d bytes of %q, sequence %d, stored %d, %q", s, len(got.Payload), got.Subject, got.Sequence, got.Stored, got.Header)
		}
	}
}

// running has a reader make indexes in a bubble whose clock stands while it does; after
// passes time.
func running(t *testing.T, f files, do func(r *blocks.Reader, after func(time.Duration))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		r := f.open()
		ended := make(chan struct{})
		go func() { defer close(ended); r.Run(ctx) }()
		defer func() { end(); <-ended }()
		do(r, func(d time.Duration) { time.Sleep(d); synctest.Wait() })
	})
}

// Messages of complete blocks are found, by their sequences; the last block is the
// server's. What was indexed is found after a restart.
func TestMessagesOfCompleteBlocksAreFound(t *testing.T) {
	f := newFiles(t)
	f.write(1, messages(1, 20))
	f.write(2, tombstone(messages(21, 30), 3))
	f.write(3, messages(31, 33))
	running(t, f, func(r *blocks.Reader, after func(time.Duration)) {
		after(time.Second)
		finds(t, r, true, 1, 2, 19, 20, 21, 30)
		finds(t, r, false, 0, 31, 33, 34, 1<<63, 1<<64-1)
		f.write(4, messages(34, 34))
		after(time.Second)
		finds(t, r, true, 31, 33)
		finds(t, r, false, 34)
	})
	finds(t, f.open(), true, 1, 20, 21, 30, 31, 33)
}

// What is not in a block is not found, whatever stands in its place.
func TestRemovedMessagesAreNotFound(t *testing.T) {
	f := newFiles(t)
	b := message(tombstone(messages(3, 5), 1), 1<<63|6, "erased")
	f.write(1, message(b, 9, payload(9)))
	f.write(2, messages(10, 11))
	running(t, f, func(r *blocks.Reader, after func(time.Duration)) {
		after(time.Second)
		finds(t, r, true, 3, 4, 5, 9)
		finds(t, r, false, 1, 2, 6, 7, 8)
	})
}

// A block that the server rewrote is indexed anew.
func TestRewrittenBlocksAreIndexedAnew(t *testing.T) {
	f := newFiles(t)
	f.write(1, messages(1, 10))
	f.write(2, messages(11, 12))
	running(t, f, func(r *blocks.Reader, after func(time.Duration)) {
		after(time.Second)
		finds(t, r, true, 10)
		f.write(1, message(messages(4, 5), 8, payload(8)))
		finds(t, r, false, 4)
		after(time.Second)
		finds(t, r, true, 4, 5, 8)
		finds(t, r, false, 1, 6, 10)
	})
}

// An index that is torn, or of something else, finds nothing, and is made anew; one whose
// block is gone goes, too.
func TestWrongIndexesFindNothing(t *testing.T) {
	f := newFiles(t)
	f.write(1, messages(1, 10))
	f.write(2, messages(11, 12))
	running(t, f, func(_ *blocks.Reader, after func(time.Duration)) { after(time.Second) })
	whole, err := os.ReadFile(filepath.Join(f.config.Index, "1-1-10.index"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"torn": whole[:8], "empty": nil, "of zeros": make([]byte, len(whole)), "of something else": []byte(strings.Repeat("else", 20))} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(f.config.Index, "1-1-10.index"), text, 0o600); err != nil {
				t.Fatal(err)
			}
			finds(t, f.open(), false, 3, 10)
			running(t, f, func(r *blocks.Reader, after func(time.Duration)) {
				after(time.Second)
				finds(t, r, true, 3, 10)
			})
		})
	}
	if err := os.Remove(filepath.Join(f.config.Blocks, "1.blk")); err != nil {
		t.Fatal(err)
	}
	running(t, f, func(r *blocks.Reader, after func(time.Duration)) {
		finds(t, r, false, 3)
		after(time.Second)
	})
	if left := f.indexes(); left != "" {
		t.Errorf("indexes are left of blocks that are gone: %s", left)
	}
}

// After messages were removed from within, no block of then is read any more, nor after a
// restart; those that come later are.
func TestDistrustedBlocksAreNotRead(t *testing.T) {
	f := newFiles(t)
	f.write(1, messages(1, 10))
	f.write(2, messages(11, 12))
	running(t, f, func(r *blocks.Reader, after func(time.Duration)) {
		after(time.Second)
		finds(t, r, true, 1, 10)
		if err := r.Distrust(); err != nil {
			t.Fatal(err)
		}
		finds(t, r, false, 1, 10)
		f.write(3, messages(13, 14))
		f.write(4, messages(15, 15))
		after(10 * time.Minute)
		finds(t, r, false, 1, 10, 11, 12)
		finds(t, r, true, 13, 14)
	})
	running(t, f, func(r *blocks.Reader, after func(time.Duration)) {
		after(10 * time.Minute)
		finds(t, r, false, 1, 10, 11, 12)
		finds(t, r, true, 13, 14)
	})
}
