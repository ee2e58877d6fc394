package block_test

import (
	"runtime"
	"sync"
	"testing"

	"sluice/cluster/block"
	"sluice/internal/wait"
)

func TestLastHolderGivesTheBlockBack(t *testing.T) {
	pool := block.NewPool(64)
	b := pool.Get()
	if len(b.Bytes) != 64 || b.Shared() {
		t.Errorf("a new block has %d bytes, shared: %v", len(b.Bytes), b.Shared())
	}
	claim := b.Claim()
	b.Hold()
	if !b.Shared() {
		t.Error("it has two holders, and is not shared")
	}
	b.Release()
	if b.Shared() {
		t.Error("it has one holder, and is shared")
	}
	if claim.Hold() != b || !b.Shared() {
		t.Error("a block that is held could not be claimed")
	}
	b.Release()
	b.Release()
	if claim.Hold() != nil || (block.Claim{}).Hold() != nil {
		t.Error("a block that nobody holds was claimed")
	}
	other := pool.Get() // most likely the same memory
	if claim.Hold() != nil {
		t.Error("a block was claimed in its next life")
	}
	other.Release()
}

// What a holder was given stays as it is, while the owner and others come and go.
func TestHoldersSeeWhatTheyWereGiven(t *testing.T) {
	pool := block.NewPool(1 << 10)
	var wg sync.WaitGroup
	for owner := range byte(4) {
		wg.Go(func() {
			var claim block.Claim
			at := 0
			for range 2000 {
				b := claim.Hold()
				if b == nil || at == len(b.Bytes) {
					if b != nil {
						b.Release()
					}
					b, at = pool.Get(), 0
				}
				some := b.Bytes[at : at+64]
				at += 64
				for i := range some {
					some[i] = owner
				}
				b.Hold()
				wg.Go(func() {
					defer b.Release()
					for _, c := range some {
						if c != owner {
							t.Errorf("%d stands where %d was written", c, owner)
							return
						}
					}
				})
				claim = b.Claim()
				b.Release()
			}
		})
	}
	wg.Wait()
}

// A claim keeps no memory: a connection that waits has one to the block that it
// read into last.
func TestClaimKeepsNoMemory(t *testing.T) {
	pool := block.NewPool(64)
	b := pool.Get()
	collected := make(chan struct{})
	runtime.AddCleanup(b, func(struct{}) { close(collected) }, struct{}{})
	claim := b.Claim()
	b.Release()
	wait.For(t, "the block to be collected", func() bool {
		runtime.GC() // the pool gives up what it has in the second
		select {
		case <-collected:
			return true
		default:
			return false
		}
	})
	if claim.Hold() != nil {
		t.Error("a block that was collected could be claimed")
	}
}
