package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/internal/foreign"
	"sluice/internal/volume"
)

// smallDisk is set in the process that has a small disk to itself, to where that is.
const smallDisk = "SLUICE_TEST_SMALL_DISK"

func TestMain(m *testing.M) {
	if dir := os.Getenv(smallDisk); dir != "" {
		if err := onSmallDisk(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if store := os.Getenv(toFill); store != "" {
		fmt.Println(fill(store)) // it is killed in there
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// A disk that others fill stops appends with a clear word, and no longer than it is
// full; what was acknowledged is there, whether there was room for the server's last write or not.
func TestAFullDisk(t *testing.T) {
	volume.Check(t)
	foreign.Need(t, "a tmpfs")
	dir := t.TempDir()
	cmd := exec.Command("unshare", foreign.Unshare("sh", "-c", `mount -t tmpfs -o size=48m none "$1" && exec "$2"`, "sh", dir, os.Args[0])...)
	cmd.Env = append(os.Environ(), smallDisk+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// disk is a store on a small disk, and what was acknowledged.
type disk struct {
	engine  *engine.Engine
	ballast string
	links   batch.Links
	first   uint64
	data    []byte
}

func onSmallDisk(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	config := engine.Config{Store: filepath.Join(dir, "store"), Listen: "127.0.0.1:0", MaxBytes: 1 << 30}
	e, err := engine.Open(ctx, config)
	if err != nil {
		return err
	}
	d := &disk{engine: e, ballast: filepath.Join(dir, "ballast"), data: make([]byte, 100<<10)}
	_, _ = rand.NewChaCha8([32]byte{}).Read(d.data)

	// Others fill it up to what is kept free.
	if err := d.fill(30 << 20); err != nil {
		return err
	}
	e.KeepFree(8 << 20) // it has been looked
	if err := d.until(ctx, func(err error) bool { return errors.Is(err, engine.ErrFull) }); err != nil {
		return fmt.Errorf("nothing says that the disk is full: %w", err)
	}
	if e.Broken() {
		return errors.New("the server was let run into the end of the disk")
	}
	if err := os.Remove(d.ballast); err != nil {
		return err
	}
	if err := d.until(ctx, func(err error) bool { return err == nil }); err != nil {
		return fmt.Errorf("there is room, and nothing is taken: %w", err)
	}

	// They fill it wholly, and faster than anybody looks.
	e.KeepFree(-1 << 40)
	if err := d.fill(1 << 40); err == nil || !strings.Contains(err.Error(), "no space left") {
		return fmt.Errorf("the disk is not full: %v", err)
	}
	noticed := make(chan struct{})
	go func() { // or it is started anew again and again
		defer close(noticed)
		for !e.Broken() && ctx.Err() == nil {
			runtime.Gosched()
		}
		e.KeepFree(8 << 20)
	}()
	if err := d.until(ctx, func(err error) bool { return err != nil }); err != nil {
		return err
	}
	<-noticed
	if err := d.until(ctx, func(err error) bool { return errors.Is(err, engine.ErrFull) }); err != nil {
		return fmt.Errorf("nothing says that the disk is full: %w", err)
	}
	if err := os.Remove(d.ballast); err != nil {
		return err
	}
	if err := d.until(ctx, func(err error) bool { return err == nil }); err != nil {
		return fmt.Errorf("there is room again, and nothing is taken: %w", err)
	}
	if err := d.check(ctx); err != nil {
		return err
	}
	if err := e.Close(); err != nil {
		return err
	}
	if d.engine, err = engine.Open(ctx, config); err != nil {
		return err
	}
	return errors.Join(d.check(ctx), d.engine.Close())
}

// fill writes so many bytes that are none of the store's.
func (d *disk) fill(bytes int64) error {
	f, err := os.Create(d.ballast)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for ; bytes > 0; bytes -= int64(len(d.data)) {
		if _, err := f.Write(d.data); err != nil {
			return err
		}
	}
	return nil
}

// until appends until the outcome of it is as wanted.
func (d *disk) until(ctx context.Context, wanted func(error) bool) error {
	for {
		err := d.append(ctx)
		if wanted(err) {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: the last append: %w", ctx.Err(), err)
		}
	}
}

// append appends one batch behind the last that is there.
func (d *disk) append(ctx context.Context) error {
	h := batch.Head{Consolidator: "vm-1", Stream: "system", Epoch: 1, First: d.first, Links: d.links}
	var b batch.Builder
	if err := b.Add(d.data, 1, 1); err != nil {
		return err
	}
	m := b.Encode(&h)
	done := make(chan result, 1)
	if err := d.engine.Append(m, h.Stream, h.Prev, func(sequence uint64, err error) { done <- result{sequence, err} }); err != nil {
		return err
	}
	r := <-done
	if errors.Is(r.err, engine.ErrWrongSequence) { // it was stored, and not acknowledged
		last, err := d.engine.LastAtLeader(ctx, m.Subject)
		if err != nil {
			return err
		}
		kept, err := last.Head()
		if err != nil {
			return err
		}
		d.links, d.first = kept.After(last.Sequence), kept.Next().Seq
		return r.err
	}
	if r.err == nil {
		d.links, d.first = h.After(r.sequence), h.Next().Seq
	}
	return r.err
}

// check compares what is held with what was acknowledged: all of it, each once and in order.
func (d *disk) check(ctx context.Context) error {
	var next, from uint64 = 0, 1
	for more := uint64(1); more > 0; {
		page, pending, err := d.engine.Page(ctx, of("system"), from, engine.Page{})
		if err != nil {
			return err
		}
		for _, m := range page {
			h, err := m.Head()
			if err != nil {
				return err
			}
			if h.First != next {
				return fmt.Errorf("record %d follows, want %d", h.First, next)
			}
			next, from = h.Next().Seq, m.Sequence+1
		}
		more = pending
	}
	if next != d.first {
		return fmt.Errorf("%d records are held, and %d were acknowledged", next, d.first)
	}
	return nil
}
