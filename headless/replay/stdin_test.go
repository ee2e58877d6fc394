package replay_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"sluice/headless/internal/packed"
	"sluice/headless/replay"
)

func TestStdin(t *testing.T) {
	for name, data := range map[string]string{
		"plain": line(0, "one") + line(time.Second, "two"),
		"gzip":  packed.Gzip(line(0, "one") + line(time.Second, "two")),
		"zstd":  packed.Zstd(line(0, "one") + line(time.Second, "two")),
	} {
		t.Run(name, func(t *testing.T) {
			got := replayed(t, replay.Config{Files: []string{"-"}, Stdin: stdin(t, data)})
			wantRecords(t, got, "one", "two")
		})
	}
}

// stdin is a pipe that data comes through byte by byte, as from a slow writer.
func stdin(t *testing.T, data string) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var writing sync.WaitGroup
	writing.Go(func() {
		defer w.Close()
		for i := range len(data) {
			if _, err := w.Write([]byte{data[i]}); err != nil {
				return // it was not read to its end
			}
		}
	})
	t.Cleanup(func() { r.Close(); writing.Wait() })
	return r
}

// A silent pipe does not keep the replay from ending.
func TestStdinInterrupted(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	s, err := replay.New(replay.Config{Files: []string{"-"}, Stdin: r})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	if _, err := w.Write([]byte(line(0, "one"))); err != nil {
		t.Fatal(err)
	}
	b, err := s.Take(ctx)
	if err != nil || len(b.Records) != 1 {
		t.Fatalf("batch %v, error %v", b, err)
	}
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("Run returns %v", err)
	}
}
