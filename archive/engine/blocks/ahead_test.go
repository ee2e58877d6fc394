package blocks_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"sluice/archive/engine/blocks"
)

// After a clean end the server's own index is the youngest file; after any other it is not,
// or is not there.
func TestAnUncleanEndIsSeen(t *testing.T) {
	f := newFiles(t)
	want := func(what string, want int) {
		t.Helper()
		if got := blocks.Unclean(f.config.Blocks); got != int64(want) {
			t.Errorf("%s: %d bytes are to be read, want %d", what, got, want)
		}
	}
	want("nothing", 0)
	f.write(1, messages(1, 10))
	f.write(2, messages(11, 12))
	all := len(messages(1, 12))
	want("no index", all)
	own := filepath.Join(f.config.Blocks, "index.db")
	if err := os.WriteFile(own, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		age  time.Duration
		want int
	}{{"an index from before", time.Minute, all}, {"one from after", -time.Minute, 0}} {
		at := time.Now().Add(-c.age)
		if err := os.Chtimes(own, at, at); err != nil {
			t.Fatal(err)
		}
		want(c.what, c.want)
	}
	if got := blocks.Unclean(filepath.Join(f.config.Blocks, "none")); got != 0 {
		t.Errorf("a directory that is not there: %d bytes are to be read", got)
	}
}

// The system reads no further ahead than it is told, and to the end when it is followed.
func TestReadingAheadWaitsForTheServer(t *testing.T) {
	if runtime.GOOS != "linux" {
		return
	}
	f := newFiles(t)
	block := make([]byte, 1<<20)
	for i := range 8 {
		f.write(i+1, block)
	}
	ctx, end := context.WithCancel(t.Context())
	asked := make(chan int64, 1)
	go func() { asked <- blocks.ReadAheadBy(ctx, f.config.Blocks, 4<<20) }()
	for i := 0; ; i++ { // as the server would
		if _, err := os.ReadFile(filepath.Join(f.config.Blocks, string(rune('1'+i%8))+".blk")); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-asked:
			if got != 8<<20 {
				t.Errorf("%d bytes were asked for, of 8 MiB", got)
			}
		default:
			continue
		}
		break
	}
	end()
	if got := blocks.ReadAheadBy(ctx, f.config.Blocks, 4<<20); got != 0 {
		t.Errorf("%d bytes were asked for after its end", got)
	}
}
