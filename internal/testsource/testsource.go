// Package testsource takes what a stream.Source hands on one thing at a time, for
// tests.
package testsource

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"sluice/cluster/stream"
	"sluice/internal/wait"
)

// Taker takes one record or notice at a time.
type Taker struct {
	*stream.Source
	End func() // ends Run

	t     testing.TB
	queue []any // stream.Record, stream.Notice
}

// Run runs a source until the test ends.
func Run(t testing.TB, s *stream.Source) *Taker {
	t.Helper()
	return &Taker{Source: s, t: t, End: wait.Run(t, s.Run)}
}

// Next returns what comes next: a stream.Record, whose data is its own, or a
// stream.Notice.
func (k *Taker) Next() any {
	k.t.Helper()
	for len(k.queue) == 0 {
		ctx, cancel := context.WithTimeout(context.Background(), wait.Limit)
		b, err := k.Take(ctx)
		cancel()
		if err != nil {
			k.t.Fatalf("take: %v", err)
		}
		at := 0
		for _, n := range b.Notices {
			for ; at < n.At; at++ {
				k.queue = append(k.queue, clone(b.Records[at]))
			}
			k.queue = append(k.queue, n)
		}
		for ; at < len(b.Records); at++ {
			k.queue = append(k.queue, clone(b.Records[at]))
		}
		b.Release()
	}
	x := k.queue[0]
	k.queue = k.queue[1:]
	return x
}

func clone(r stream.Record) stream.Record {
	r.Data = slices.Clone(r.Data)
	return r
}

// Notice passes over everything up to the next notice that is wanted.
func (k *Taker) Notice(want func(stream.Notice) bool) stream.Notice {
	k.t.Helper()
	for {
		if n, ok := k.Next().(stream.Notice); ok && want(n) {
			return n
		}
	}
}

// Kind passes over everything up to the next notice of a kind.
func (k *Taker) Kind(kind stream.Kind) stream.Notice {
	k.t.Helper()
	return k.Notice(func(n stream.Notice) bool { return n.Kind == kind })
}

// Record returns the next record. It passes over notices, except gaps.
func (k *Taker) Record() stream.Record {
	k.t.Helper()
	for {
		switch x := k.Next().(type) {
		case stream.Record:
			return x
		case stream.Notice:
			if x.Kind == stream.KindGap {
				k.t.Fatalf("a gap: %+v", x)
			}
		}
	}
}

// Numbers takes records {"i":from} … {"i":to-1}, and no gap.
func (k *Taker) Numbers(from, to int) {
	k.t.Helper()
	for i := from; i < to; i++ {
		if r := k.Record(); string(r.Data) != fmt.Sprintf(`{"i":%d}`, i) {
			k.t.Fatalf("got %s, want record %d", r.Data, i)
		}
	}
}

// Forget drops what was taken from the source and not from here yet.
func (k *Taker) Forget() { k.queue = nil }
