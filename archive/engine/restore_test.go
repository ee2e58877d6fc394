package engine_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server/avl"

	"sluice/archive/engine"
	"sluice/archive/engine/blocks"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

func msgs(store string) string {
	return filepath.Join(store, "jetstream", "$G", "streams", engine.Logs, "msgs")
}

func blocksIn(store string) blocks.Config {
	return blocks.Config{Blocks: msgs(store), Index: filepath.Join(store, "sluice.index"), Stream: engine.Logs}
}

// copied is a store as it is now, without locks and the server's own index: as a kill leaves it.
func copied(t *testing.T, store string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(store)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(msgs(to), "index.db")); err != nil {
		t.Fatal(err)
	}
	return to
}

// aged are rules by which some batches carry an age of their own.
func aged(t *testing.T) engine.Keep {
	return engine.Keep{{Pattern: pattern(t, "tenant/**"), Age: time.Hour}, {Pattern: pattern(t, "**"), Age: 2 * time.Hour}}
}

// alive is a store of several blocks, with large and small batches, as it is while its server
// has nothing to do.
func alive(t *testing.T) string {
	store := t.TempDir()
	e := small(t, engine.Config{Store: store, Keep: aged(t)})
	large(t, e, "tenant", 40)
	filled(t, e, "system", 200)
	large(t, e, "other", 50)
	filled(t, e, "tenant/small", 100)
	large(t, e, "tenant/more", 20)
	return copied(t, store)
}

// indexed is what a server's index says.
type indexed struct {
	messages, bytes, first uint64
	firstAt                int64
	last                   uint64
	lastAt                 int64
	subjects               map[string][3]uint64 // messages, first and last block
	blocks                 []indexedBlock
	newest                 uint64
	checksum               string
}

type indexedBlock struct {
	number, bytes, first uint64
	firstAt              int64
	last                 uint64
	lastAt               int64
	ages, schedules      uint64
	gone                 []uint64
}

func readIndex(t *testing.T, store string) (i indexed) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(msgs(store), "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	if b[0] != 11 || b[1] != 4 {
		t.Fatalf("the server's index is of form %d.%d: Restore has to write that, too", b[0], b[1])
	}
	b = b[2 : len(b)-8]
	u := func() uint64 { v, n := binary.Uvarint(b); b = b[n:]; return v }
	s := func() int64 { v, n := binary.Varint(b); b = b[n:]; return v }
	i.messages, i.bytes, i.first, i.firstAt, i.last, i.lastAt = u(), u(), u(), s(), u(), s()
	i.subjects = make(map[string][3]uint64)
	for n := u(); n > 0; n-- {
		length := u()
		subject := string(b[:length])
		b = b[length:]
		i.subjects[subject] = [3]uint64{u(), u(), u()}
	}
	for n := u(); n > 0; n-- {
		block := indexedBlock{number: u(), bytes: u(), first: u(), firstAt: s(), last: u(), lastAt: s()}
		gone := u()
		block.ages, block.schedules = u(), u()
		if gone > 0 {
			set, n, err := avl.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			b = b[n:]
			set.Range(func(seq uint64) bool { block.gone = append(block.gone, seq); return true })
		}
		i.blocks = append(i.blocks, block)
	}
	i.newest, i.checksum = u(), string(b)
	return i
}

// theirs is the index that a server makes which reads all of a store.
func theirs(t *testing.T, store string) indexed {
	t.Helper()
	if err := os.WriteFile(filepath.Join(msgs(store), "4711.key"), nil, 0o600); err != nil { // Restore keeps its hands off
		t.Fatal(err)
	}
	if err := opened(t, engine.Config{Store: store, Keep: aged(t), MaxBytes: 16 << 20}).Close(); err != nil {
		t.Fatal(err)
	}
	return readIndex(t, store)
}

// same checks that a store is restored as its server would.
func same(t *testing.T, store string) {
	t.Helper()
	other := copied(t, store)
	if _, err := blocks.Restore(t.Context(), blocksIn(store)); err != nil {
		t.Fatal(err)
	}
	got, want := readIndex(t, store), theirs(t, other)
	if got.messages == 0 {
		t.Fatal("nothing is held")
	}
	if !maps.Equal(got.subjects, want.subjects) {
		t.Errorf("subjects: %v\nthe server has %v", got.subjects, want.subjects)
	}
	got.subjects, want.subjects = nil, nil
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("restored: %s\nthe server has %s", g, w)
	}
}

// records are those of a block.
func records(t *testing.T, store string, block int) (all [][]byte) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(msgs(store), fmt.Sprint(block, ".blk")))
	if err != nil {
		t.Fatal(err)
	}
	for len(b) > 0 {
		n := binary.LittleEndian.Uint32(b) &^ (1 << 31)
		all = append(all, b[:n])
		b = b[n:]
	}
	return all
}

func write(t *testing.T, store string, block int, records [][]byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(msgs(store), fmt.Sprint(block, ".blk")), slices.Concat(records...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Wherever a server was killed, what is restored is what the server would have found: how many
// messages, of which subjects, where, which are missing within, and which carry an age.
func TestAKilledStoreIsRestored(t *testing.T) {
	volume.Check(t)
	base := alive(t)
	same(t, copied(t, base))
	for range 6 { // at any record, with the blocks behind it not written yet
		store := copied(t, base)
		block := 1 + rand.IntN(3)
		for later := block + 1; later < 10; later++ {
			_ = os.Remove(filepath.Join(msgs(store), fmt.Sprint(later, ".blk")))
		}
		all := records(t, store, block)
		write(t, store, block, all[:1+rand.IntN(len(all))])
		same(t, store)
	}
	for block := 1; block <= 3; block++ { // a server takes out what is old within, and writes the block anew
		store := copied(t, base)
		all := records(t, store, block)
		all = slices.DeleteFunc(all, func([]byte) bool { return rand.IntN(3) == 0 })
		write(t, store, block, all[:max(len(all), 1)])
		same(t, store)
	}
	store := copied(t, base)
	if err := os.Remove(filepath.Join(msgs(store), "1.blk")); err != nil { // it was old
		t.Fatal(err)
	}
	same(t, store)

	// What a sum says is of the block as it was then.
	store = copied(t, base)
	same(t, store)
	all := records(t, store, 2)
	write(t, store, 2, all[:len(all)-1])
	same(t, store)
}

// What is not simply one whole message after the other is left to the server.
func TestWhatOnlyTheServerCanJudge(t *testing.T) {
	live := t.TempDir()
	filled(t, small(t, engine.Config{Store: live, Keep: aged(t)}), "system", 20)
	base := copied(t, live)
	refused := func(what, want string, change func(store string, all [][]byte)) {
		t.Helper()
		store := copied(t, base)
		change(store, records(t, store, 1))
		_, err := blocks.Restore(t.Context(), blocksIn(store))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
		if _, err := os.Stat(filepath.Join(msgs(store), "index.db")); err == nil {
			t.Errorf("%s: an index was written", what)
		}
	}
	refused("half a record", "half a record", func(store string, all [][]byte) {
		all[19] = all[19][:len(all[19])-1]
		write(t, store, 1, all)
	})
	refused("a byte that is another", "a wrong checksum", func(store string, all [][]byte) {
		all[7][len(all[7])/2] ^= 1
		write(t, store, 1, all)
	})
	refused("out of order", "out of order", func(store string, all [][]byte) {
		all[3], all[4] = all[4], all[3]
		write(t, store, 1, all)
	})
	refused("a removal", "a removal", func(store string, all [][]byte) {
		write(t, store, 1, append(all, append(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(nil, 30), 3|1<<62), make([]byte, 18)...)))
	})
	refused("an erased message", "a removal", func(store string, all [][]byte) {
		all[5][11] |= 1 << 7
		write(t, store, 1, all)
	})
	refused("a block that only begins", "it is empty", func(store string, _ [][]byte) { write(t, store, 2, nil) })
	refused("a key", "4.key", func(store string, _ [][]byte) {
		if err := os.WriteFile(filepath.Join(msgs(store), "4.key"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	refused("a block that was being written anew", "1.new", func(store string, _ [][]byte) {
		if err := os.WriteFile(filepath.Join(msgs(store), "1.new"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	refused("a purge", "__new_msgs__", func(store string, _ [][]byte) {
		if err := os.Mkdir(filepath.Join(filepath.Dir(msgs(store)), "__new_msgs__"), 0o700); err != nil {
			t.Fatal(err)
		}
	})
}

// said is what was logged.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// An archive that was killed while it wrote begins without reading all that it has, its server
// takes the index for its own, and every batch is there.
func TestKilledWhileItWrites(t *testing.T) {
	volume.Check(t)
	for range 3 {
		store := t.TempDir()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), toFill+"="+store, gigabytes+"=100")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		newest := filepath.Join(msgs(store), fmt.Sprint(3+rand.IntN(4), ".blk"))
		wait.For(t, "some blocks are written", func() bool { _, err := os.Stat(newest); return err == nil })
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		other := copied(t, store)
		var log said
		e := opened(t, engine.Config{Store: store, MaxBytes: 1 << 40, Log: slog.New(slog.NewTextHandler(&log, nil))})
		state, err := e.State(within(t))
		if err != nil {
			t.Fatal(err)
		}
		n := uint64(0)
		for m, err := range e.All(within(t), "logs.>", false) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; m.Sequence != n {
				t.Fatalf("batch %d is missing", n)
			}
		}
		if err := os.WriteFile(filepath.Join(msgs(other), "4711.key"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		whole, err := opened(t, engine.Config{Store: other, MaxBytes: 1 << 40}).State(within(t))
		if err != nil {
			t.Fatal(err)
		}
		if n != state.Messages || state.Messages != whole.Messages || state.Bytes != whole.Bytes || state.Subjects != whole.Subjects || !state.Last.Stored.Equal(whole.Last.Stored) || state.Damaged != whole.Damaged {
			t.Errorf("%d batches are read\n%+v\nthe server has %+v", n, state, whole)
		}
		// A write that the kill cut short is left to the server; everything else is not.
		if text := log.String(); strings.Contains(text, "all of it is read") && !strings.Contains(text, "half a record") && !strings.Contains(text, "it is empty") ||
			strings.Contains(text, "Stream state") {
			t.Error(text)
		}
	}
}
