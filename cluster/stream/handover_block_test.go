package stream_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sluice/cluster/block"
	"sluice/cluster/stream"
)

const mib = 1 << 20

// part is one record that is the first part of a block, of so many bytes.
func part(in *block.Block, size int) []stream.Record {
	for i := range in.Bytes[:size] {
		in.Bytes[i] = byte(size)
	}
	return []stream.Record{{Stream: "s", Data: in.Bytes[:size]}}
}

// A few bytes of a block are copied out of it, so that it is not kept for them.
func TestLittleIsCopied(t *testing.T) {
	in := stream.NewHandover(mib)
	pool := block.NewPool(mib)
	for range 100 {
		b := pool.Get()
		for range 10 {
			if err := in.PutIn(t.Context(), b, part(b, 300), nil); err != nil {
				t.Fatal(err)
			}
		}
		if b.Shared() {
			t.Fatal("a block is held for 3,000 bytes of it")
		}
		clear(b.Bytes)
		b.Release()
	}
	got := in.TryTake()
	defer got.Release()
	if n := len(got.Records); n != 1000 || len(got.Records[999].Data) != 300 || got.Records[999].Data[299] != byte(300%256) {
		t.Errorf("%d records", n)
	}
}

// A block that is held counts as a whole, and once: so the bound is one of memory.
func TestHeldBlocksCountAsWhole(t *testing.T) {
	in := stream.NewHandover(4 * mib)
	pool := block.NewPool(mib)
	var blocks []*block.Block
	for range 5 {
		blocks = append(blocks, pool.Get())
	}
	for range 10 { // by turns
		for _, b := range blocks[:3] {
			if err := in.PutIn(t.Context(), b, part(b, mib/10), nil); err != nil {
				t.Fatal(err)
			}
			if !b.Shared() {
				t.Fatal("it was copied")
			}
		}
	}
	if err := in.PutIn(t.Context(), blocks[3], part(blocks[3], mib/10), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := in.PutIn(ctx, blocks[4], part(blocks[4], 1), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("four blocks of 1 MiB are held of 4 MiB, and there is room: %v", err)
	}
	in.TryTake().Release()
	if blocks[0].Shared() {
		t.Error("a block is held after its batch was released")
	}
}
