package batch_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sluice/archive/batch"
	"sluice/cluster/loss"
)

// built is the message of some records, and its head as it was written.
func built(t testing.TB, records ...string) (batch.Message, batch.Head) {
	t.Helper()
	var b batch.Builder
	for i, r := range records {
		if err := b.Add([]byte(r), int64(i)*1000, 1_789_000_000_000+int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	h := batch.Head{
		Consolidator: "vm-1", Stream: "tenant/acme", Epoch: 0xfedcba9876543210, First: 1200,
		Links: batch.Links{Number: 40, Prev: 39, Hops: [4]uint64{33, 1}, Before: batch.Totals{Records: 1, Raw: 200, Kept: 3000, Gaps: 4, Lost: 1 << 40, Unknown: 6}, Latest: 1_788_000_000_000},
	}
	return b.Encode(&h), h
}

// opened are the records of a message.
func opened(t testing.TB, m batch.Message) (batch.Head, []string) {
	t.Helper()
	h, err := batch.Decode(m.Subject, m.Header, m.Payload)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := h.Open(m.Payload, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	want := h.First
	for seq, data := range r.All() {
		if seq != want {
			t.Errorf("a record %d, want %d", seq, want)
		}
		want++
		all = append(all, string(data))
	}
	return h, all
}

func TestRecordsComeBackByteForByte(t *testing.T) {
	for name, records := range map[string][]string{
		"lines":       {`{"msg":"a"}`, "", "text\r", "\x00\xff"},
		"line breaks": {"a", "", "b\nc", "\n", "", strings.Repeat("x", 200)},
		"one":         {""},
		"large":       {strings.Repeat("x", batch.MaxRecord), "y"},
	} {
		t.Run(name, func(t *testing.T) {
			m, wrote := built(t, records...)
			h, got := opened(t, m)
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", records) {
				t.Errorf("got %.200q, want %.200q", got, records)
			}
			if h != wrote {
				t.Errorf("the head is %+v, was %+v", h, wrote)
			}
			if m.Subject != "logs.vm-1.tenant.acme" || h.Count != uint64(len(records)) || h.Next() != (loss.Position{Epoch: h.Epoch, Seq: 1200 + h.Count}) {
				t.Errorf("%s: %+v", m.Subject, h)
			}
		})
	}
}

func TestABatchKnowsItsTimes(t *testing.T) {
	var b batch.Builder
	for _, own := range []int64{5000, -3000, 0, 9000} {
		if err := b.Add([]byte("x"), own, 7000); err != nil {
			t.Fatal(err)
		}
	}
	h := batch.Head{Consolidator: "vm", Stream: "s"}
	m := b.Encode(&h)
	got, _ := opened(t, m)
	if got.Own != (batch.Span{Earliest: -3000, Latest: 9000}) || got.Arrived != (batch.Span{Earliest: 7000, Latest: 7000}) || got.Untimed != 1 {
		t.Errorf("%+v", got)
	}
	at := func(ms int64) time.Time { return time.UnixMilli(ms) }
	for _, tt := range []struct {
		from, to time.Time
		want     bool
	}{
		{time.Time{}, time.Time{}, true},
		{at(9000), time.Time{}, true},
		{at(9001), time.Time{}, false},
		{time.Time{}, at(-3000), true},
		{time.Time{}, at(-3001), false},
	} {
		if got.Times().Meets(tt.from, tt.to) != tt.want {
			t.Errorf("%+v from %v to %v: not %v", got.Times(), tt.from, tt.to, tt.want)
		}
	}
}

func TestABatchSaysWhatCameBeforeIt(t *testing.T) {
	m, _ := built(t, "one", "two")
	h, _ := opened(t, m)
	after := h.After(99)
	if after.Number != 41 || after.Prev != 99 || after.Hops != [4]uint64{33, 1} {
		t.Errorf("%+v", after)
	}
	if got := after.Before.Sub(h.Before); got != (batch.Totals{Records: 2, Raw: 8, Kept: uint64(len(m.Payload))}) {
		t.Errorf("it holds %+v", got)
	}
	gap := batch.Head{Consolidator: "vm-1", Stream: "s", Gap: &loss.Loss{Count: 7, Unknown: true}, Links: after}
	batch.EncodeGap(&gap, time.UnixMilli(1))
	if got := gap.After(100).Before.Sub(after.Before); got.Records != 0 || got.Raw != 0 || got.Gaps != 1 || got.Lost != 7 || got.Unknown != 1 {
		t.Errorf("the gap holds %+v", got)
	}
}

func TestGapsComeBack(t *testing.T) {
	now := time.UnixMilli(1_789_000_000_123)
	for _, l := range []loss.Loss{
		{Source: "vm-1", Hop: "archive", Reason: "disk full", Count: 17},
		{Source: "vm-1", Hop: loss.AtConsolidator, Reason: loss.Restarted, Count: 3, Unknown: true, After: loss.Position{Epoch: 9, Seq: 4}},
		{Unknown: true, Reason: "\x1b[31m\nred"},
	} {
		l.Stream = "tenant/acme"
		given := l
		h := batch.Head{Consolidator: "vm-1", Stream: l.Stream, Epoch: 7, First: 100, Gap: &given}
		m := batch.EncodeGap(&h, now)
		got, records := opened(t, m)
		if got.Gap == nil || *got.Gap != l || len(records) != 0 || got.Count != l.Count {
			t.Errorf("%+v came back as %+v with %q", l, got.Gap, records)
		}
		want := loss.Position{Epoch: 7, Seq: 100 + l.Count}
		if l.After != (loss.Position{}) {
			want = l.After
		}
		if got.Next() != want {
			t.Errorf("goes on at %+v, want %+v", got.Next(), want)
		}
		if peeked, err := batch.Peek(m.Subject, m.Header); err != nil || peeked.Gap == nil || peeked.Gap.Count != l.Count || peeked.Gap.Unknown != l.Unknown {
			t.Errorf("peeked %+v, %v", peeked, err)
		}
	}
}

func TestEveryChangedBitIsFound(t *testing.T) {
	m, _ := built(t, "one record", "another one")
	h, _ := batch.Decode(m.Subject, m.Header, m.Payload)
	for i := range len(m.Payload) * 8 {
		payload := bytes.Clone(m.Payload)
		payload[i/8] ^= 1 << (i % 8)
		if _, err := batch.Decode(m.Subject, m.Header, payload); !errors.Is(err, batch.ErrDamaged) {
			t.Fatalf("bit %d of the payload changed: %v", i, err)
		}
	}
	value := m.Header.Get(batch.Header)
	for i := 2; i < len(value); i++ {
		changed := value[:i] + string("AB"[b2i(value[i] == 'A')]) + value[i+1:]
		if _, err := batch.Decode(m.Subject, map[string][]string{batch.Header: {changed}}, m.Payload); !errors.Is(err, batch.ErrDamaged) {
			t.Fatalf("character %d of the head changed: %v", i, err)
		}
	}
	if _, err := batch.Decode("logs.vm-2.tenant.acme", m.Header, m.Payload); !errors.Is(err, batch.ErrDamaged) {
		t.Errorf("under another subject: %v", err)
	}
	if _, _, err := h.Open(m.Payload[:len(m.Payload)-1], nil); !errors.Is(err, batch.ErrDamaged) {
		t.Errorf("cut short: %v", err)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestForeignAndNewerMessagesAreToldApart(t *testing.T) {
	m, _ := built(t, "x")
	value := m.Header.Get(batch.Header)
	for header, want := range map[string]error{
		"2" + value[1:]:                 batch.ErrNewer,
		"10." + "whatever":              batch.ErrNewer,
		"0." + value[2:]:                batch.ErrForeign,
		"":                              batch.ErrForeign,
		"1":                             batch.ErrForeign,
		"x.y":                           batch.ErrForeign,
		"1." + strings.Repeat("A", 1e6): batch.ErrForeign,
		"1.":                            batch.ErrDamaged,
		"1.AAAA====":                    batch.ErrDamaged,
	} {
		if _, err := batch.Decode(m.Subject, map[string][]string{batch.Header: {header}}, m.Payload); !errors.Is(err, want) {
			t.Errorf("header %.40q: %v, want %v", header, err, want)
		}
	}
	if _, err := batch.Decode(m.Subject, nil, m.Payload); !errors.Is(err, batch.ErrForeign) {
		t.Errorf("without a header: %v", err)
	}
	if _, err := batch.Decode("orders.new", m.Header, m.Payload); !errors.Is(err, batch.ErrForeign) {
		t.Errorf("under a subject that is not ours: %v", err)
	}
}

func TestALargerRecordIsRefused(t *testing.T) {
	var b batch.Builder
	if err := b.Add(make([]byte, batch.MaxRecord+1), 0, 0); !errors.Is(err, batch.ErrTooLarge) || b.Count() != 0 {
		t.Errorf("%v, and %d records", err, b.Count())
	}
}

func TestTheLargestMessageIsOneThatServersTake(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	record := make([]byte, batch.MaxRecord)
	var b batch.Builder
	if err := b.Add(record[:batch.Cut-2], 0, 0); err != nil || b.Full() {
		t.Fatal(err, b.Full())
	}
	_, _ = random.Read(record)
	if err := b.Add(record, 0, 0); err != nil || !b.Full() {
		t.Fatal(err, b.Full())
	}
	m := b.Encode(&batch.Head{Consolidator: strings.Repeat("/", 255), Stream: strings.Repeat("?", 255)})
	if size := len(m.Subject) + len(m.Header.Get(batch.Header)) + len(m.Payload); size > 1<<20-4096 {
		t.Errorf("%d bytes", size)
	}
	if _, got := opened(t, m); len(got) != 2 || got[1] != string(record) {
		t.Error("the records do not come back")
	}
}

func TestLinksLeadBackInFewSteps(t *testing.T) {
	const last = 150_000
	at := make(map[uint64]batch.Links) // by sequence, which is twice the number, plus 10
	var l batch.Links
	for n := range uint64(last + 1) {
		if l.Number != n {
			t.Fatalf("the number %d, want %d", l.Number, n)
		}
		at[2*n+10] = l
		l = (&batch.Head{Links: l}).After(2*n + 10)
	}
	for _, target := range []uint64{0, 1, 15, 16, 17, 65535, 65536, 123456, 149984, last} {
		seq, steps := uint64(2*last+10), 0
		for at[seq].Number > target {
			here := at[seq]
			seq = here.Prev
			for _, hop := range here.Hops {
				if hop != 0 && at[hop].Number >= target && hop < seq {
					seq = hop
				}
			}
			steps++
		}
		if at[seq].Number != target || steps > 15*4+last/65536 {
			t.Errorf("to batch %d: at %d after %d steps", target, at[seq].Number, steps)
		}
	}
}

func TestTheNewestTimeNeverGoesBack(t *testing.T) {
	const began, day = int64(1_789_000_000_000), int64(24 * time.Hour / time.Millisecond)
	var links batch.Links
	for i, tt := range []struct{ own, arrived, want int64 }{
		{began, began, began},
		{0, began + 1000, began + 1000},
		{began - 5000, began + 2000, began + 2000},      // late
		{began + 60_000, began + 3000, began + 60_000},  // its clock is ahead
		{began + 4000, began + 4000, began + 60_000},    // it is right again
		{began + 70_000, began - 8*day, began + 70_000}, // the archive's clock is back
		{0, 1000, began + 70_000},                       // and forgotten
		{began + 900*day, began, began + 70_000 + day},  // far in the future
		{began + 70_001, began + 2*day, began + 2*day},  // time goes on
		{began + 3*day, began + 2*day + 1, began + 3*day},
	} {
		var b batch.Builder
		if err := b.Add([]byte("x"), tt.own, tt.arrived); err != nil {
			t.Fatal(err)
		}
		h, _ := opened(t, b.Encode(&batch.Head{Consolidator: "vm", Stream: "s", Links: links}))
		if got := h.Newest(); got != tt.want {
			t.Errorf("batch %d: the newest time is %d after the beginning, want %d", i, got-began, tt.want-began)
		}
		links = h.After(uint64(i + 1))
	}
}
