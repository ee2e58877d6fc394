package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/internal/volume"
)

// toFill is set in the process that fills a store and is killed, to where that is, and
// gigabytes to how much it is to hold.
const (
	toFill    = "SLUICE_TEST_FILL"
	gigabytes = "SLUICE_GB"
)

// How long a start takes with much held (SLUICE_GB, 1 by default), after a kill and after a
// clean end: docs/performance.md has the figures.
func TestStartingWithMuchHeld(t *testing.T) {
	volume.Long(t)
	store := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), toFill+"="+store)
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() >= 0 {
		t.Fatalf("it was not killed: %v\n%s", err, out)
	}
	for _, after := range []string{"a kill", "a clean end"} {
		began := time.Now()
		e := opened(t, engine.Config{Store: store})
		took := time.Since(began)
		state, err := e.State(within(t))
		if err != nil || state.Messages == 0 {
			t.Fatalf("%+v, %v", state, err)
		}
		t.Logf("after %s: %v with %.1f GB in %d batches", after, took.Round(time.Millisecond), float64(state.Bytes)/1e9, state.Messages)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// fill fills a store with batches of 25 KB of 10,000 streams, and ends by SIGKILL.
func fill(store string) error {
	size, err := strconv.ParseFloat(os.Getenv(gigabytes), 64)
	if err != nil {
		size = 1
	}
	e, err := engine.Open(context.Background(), engine.Config{Store: store, Listen: "127.0.0.1:0", MaxBytes: 1 << 40})
	if err != nil {
		return err
	}
	data := make([]byte, 25_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data)
	const streams = 10_000
	var links [streams]batch.Links
	failed := make(chan error, 1)
	for i := 0; float64(i)*float64(len(data)) < size*1e9; i += 100 {
		round := make(chan struct{}, 100) // one append in flight a stream
		for j := range 100 {
			at := (i + j) % streams
			h := batch.Head{Consolidator: "vm-1", Stream: fmt.Sprint("tenant/t", at), First: uint64(i / streams), Links: links[at]}
			var b batch.Builder
			if err := b.Add(data, 1, 1); err != nil {
				return err
			}
			if err := e.Append(b.Encode(&h), h.Stream, h.Prev, func(sequence uint64, err error) {
				if err != nil {
					select {
					case failed <- err:
					default:
					}
				}
				links[at] = h.After(sequence)
				round <- struct{}{}
			}); err != nil {
				return err
			}
		}
		for range 100 {
			<-round
		}
		select {
		case err := <-failed:
			return err
		default:
		}
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	return self.Kill()
}
