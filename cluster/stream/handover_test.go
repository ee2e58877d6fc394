package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"sluice/cluster/stream"
)

// blockSize is that of the memory which a batch keeps records in.
const blockSize = 256 << 10

func records(n, size int, fill byte) []stream.Record {
	recs := make([]stream.Record, n)
	for i := range recs {
		recs[i] = stream.Record{Stream: "s", Position: stream.Position{Seq: uint64(i)}, Data: bytes.Repeat([]byte{fill + byte(i)}, size)}
	}
	return recs
}

func TestHandoverKeepsCopiesInOrder(t *testing.T) {
	in := stream.NewHandover(0)
	if b := in.TryTake(); b != nil {
		t.Fatalf("an empty handover gave %+v", b)
	}
	if err := in.Put(t.Context(), nil, nil); err != nil || len(in.Ready()) > 0 {
		t.Fatalf("putting nothing: %v, ready %d", err, len(in.Ready()))
	}
	var want []string
	for round := range 50 {
		// Around the size of a block, and above it.
		size := []int{0, 1, 100, blockSize / 3, blockSize, blockSize + 1}[round%6]
		recs := records(3, size, byte(round))
		notices := []stream.Notice{{At: 0, Stream: fmt.Sprint(round, " before")}, {At: 3, Stream: fmt.Sprint(round, " after")}}
		if err := in.Put(t.Context(), recs, notices); err != nil {
			t.Fatal(err)
		}
		want = append(want, notices[0].Stream)
		for i, r := range recs {
			want = append(want, fmt.Sprint(size, byte(round)+byte(i)))
			clear(r.Data) // the caller's to use again
			if size == 0 {
				want[len(want)-1] = "empty"
			}
		}
		want = append(want, notices[1].Stream)
	}
	b := in.TryTake()
	// What comes later is in another batch, and leaves this one alone.
	if err := in.Put(t.Context(), records(10, 1000, 0xee), nil); err != nil {
		t.Fatal(err)
	}
	var got []string
	n := 0
	notices := func(at int) {
		for ; n < len(b.Notices) && b.Notices[n].At == at; n++ {
			got = append(got, b.Notices[n].Stream)
		}
	}
	for i, r := range b.Records {
		notices(i)
		if r.Data == nil {
			t.Fatal("Data is nil")
		}
		if len(r.Data) == 0 {
			got = append(got, "empty")
			continue
		}
		if !bytes.Equal(r.Data, bytes.Repeat(r.Data[:1], len(r.Data))) {
			t.Fatalf("record %d is not what was put", i)
		}
		got = append(got, fmt.Sprint(len(r.Data), r.Data[0]))
	}
	notices(len(b.Records))
	if len(got) != len(want) {
		t.Fatalf("got %d things, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("thing %d is %s, want %s", i, got[i], want[i])
		}
	}
	b.Release()
	if len(b.Records) != 0 || len(b.Notices) != 0 {
		t.Error("a released batch still shows what it had")
	}
	if b := in.TryTake(); b == nil || len(b.Records) != 10 || len(b.Notices) != 0 {
		t.Errorf("the next batch: %+v", b)
	}
}

// A slice of a record's data never reaches into the next one's.
func TestHandoverDataIsClipped(t *testing.T) {
	in := stream.NewHandover(0)
	if err := in.Put(t.Context(), records(2, 10, 'a'), nil); err != nil {
		t.Fatal(err)
	}
	b := in.TryTake()
	_ = append(b.Records[0].Data, "overwritten"...)
	if string(b.Records[1].Data) != "bbbbbbbbbb" {
		t.Errorf("the next record is %q", b.Records[1].Data)
	}
}

func TestFullHandover(t *testing.T) {
	in := stream.NewHandover(1000)
	if err := in.Put(t.Context(), records(1, 1000, 'a'), nil); err != nil {
		t.Fatal(err)
	}
	// Records wait for it to be taken, and so do notices of losses.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := in.Put(ctx, records(1, 1, 'b'), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("putting into a full one: %v", err)
	}
	if err := in.Put(ctx, nil, []stream.Notice{{Kind: stream.KindGap}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("putting a notice into a full one: %v", err)
	}
	put := make(chan error, 1)
	go func() { put <- in.Put(t.Context(), records(1, 1, 'c'), nil) }()
	select {
	case err := <-put:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	if b := in.TryTake(); len(b.Records) != 1 || len(b.Notices) != 0 {
		t.Errorf("took %+v", b)
	}
	if err := <-put; err != nil {
		t.Error(err)
	}
	if b := in.TryTake(); b == nil || string(b.Records[0].Data) != "c" {
		t.Errorf("took %+v", b)
	}
}

func TestClosedHandover(t *testing.T) {
	in := stream.NewHandover(1)
	if err := in.Put(t.Context(), records(1, 10, 'a'), nil); err != nil {
		t.Fatal(err)
	}
	put := make(chan error, 1)
	go func() { put <- in.Put(t.Context(), records(1, 1, 'b'), nil) }()
	in.Close()
	if err := <-put; !errors.Is(err, stream.ErrClosed) {
		t.Errorf("who waited has %v", err)
	}
	if err := in.Put(t.Context(), nil, []stream.Notice{{}}); !errors.Is(err, stream.ErrClosed) {
		t.Errorf("a notice has %v", err)
	}
	// What was there can be taken; then it is at its end, for everybody.
	if b, err := in.Take(t.Context()); err != nil || len(b.Records) != 1 {
		t.Errorf("took %+v, %v", b, err)
	}
	ends := make(chan error, 3)
	for range cap(ends) {
		go func() { _, err := in.Take(context.Background()); ends <- err }()
	}
	for range cap(ends) {
		if err := <-ends; !errors.Is(err, stream.ErrClosed) {
			t.Errorf("take: %v", err)
		}
	}
}

func TestTakeEndsWithItsContext(t *testing.T) {
	in := stream.NewHandover(0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if b, err := in.Take(ctx); b != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("took %+v, %v", b, err)
	}
}

func TestReleaseOfABatchMadeByHand(t *testing.T) {
	b := &stream.Batch{Records: records(2, 3, 'a')}
	b.Release()
	if len(b.Records) != 2 || string(b.Records[1].Data) != "bbb" {
		t.Errorf("it has become %+v", b)
	}
	kept := stream.NewHandover(0)
	if err := kept.Put(t.Context(), records(1, 1, 'c'), nil); err != nil {
		t.Fatal(err)
	}
	if n := kept.TryTake(); n == b {
		t.Error("a batch made by hand was reused")
	}
}

// What is given up is put nowhere, even if there is space when it is about to be.
func TestGivenUpIsNotPut(t *testing.T) {
	for range 50 {
		in := stream.NewHandover(1)
		if err := in.Put(t.Context(), records(1, 1, 'a'), nil); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		put := make(chan error, 1)
		go func() { put <- in.Put(ctx, records(1, 1, 'b'), nil) }()
		cancel()
		in.TryTake().Release()
		if err := <-put; !errors.Is(err, context.Canceled) {
			t.Fatalf("put %v", err)
		}
		if b := in.TryTake(); b != nil {
			t.Fatalf("took %+v", b)
		}
	}
}

// A state never waits. Beyond the bound, there is the latest of each source.
func TestStatesDoNotWait(t *testing.T) {
	in := stream.NewHandover(1000)
	state := func(source string, s stream.State) {
		t.Helper()
		if err := in.PutState(stream.Notice{Kind: stream.KindState, Source: source, State: s}); err != nil {
			t.Fatal(err)
		}
	}
	state("a", stream.StateLive)
	state("a", stream.StateLost)
	if err := in.Put(t.Context(), records(1, 1000, 'a'), nil); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		state("a", stream.StateLive)
		state("b", stream.StateLive)
		state("a", stream.StateLost)
	}
	var got []string
	for _, n := range in.TryTake().Notices {
		got = append(got, fmt.Sprint(n.At, n.Source, n.State))
	}
	if want := []string{"0alive", "0alost", "1blive", "1alost"}; !slices.Equal(got, want) {
		t.Errorf("took %q, want %q", got, want)
	}
	in.Close()
	if err := in.PutState(stream.Notice{}); !errors.Is(err, stream.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}
