package history

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"sluice/archive/batch"
	"sluice/archive/subject"
	"sluice/cluster/loss"
)

// memory is an archive in memory, and what is in it.
type memory struct {
	messages []batch.Message // the first is at 1
	since    uint64          // what stands before it is not held any more
	damaged  map[uint64]bool
	links    map[string]batch.Links // of what comes next on a subject
	gets     atomic.Int64
}

func newMemory() *memory {
	return &memory{since: 1, damaged: make(map[uint64]bool), links: make(map[string]batch.Links)}
}

// append appends a message, which is made with the links that it is to have.
func (m *memory) append(consolidator, stream string, make func(batch.Links) batch.Message) (at uint64) {
	s := subject.Of(consolidator, stream)
	at = uint64(len(m.messages) + 1)
	msg := make(m.links[s])
	head, err := batch.Decode(msg.Subject, msg.Header, msg.Payload)
	if err != nil {
		panic(err)
	}
	m.messages = append(m.messages, msg)
	m.links[s] = head.After(at)
	return at
}

func (m *memory) decode(at uint64) *link {
	if m.damaged[at] {
		return &link{seq: at, fault: batch.ErrDamaged}
	}
	msg := m.messages[at-1]
	head, err := batch.Decode(msg.Subject, msg.Header, msg.Payload)
	return &link{seq: at, Head: head, payload: msg.Payload, fault: err}
}

func (m *memory) get(ctx context.Context, at uint64) (*link, error) {
	m.gets.Add(1)
	if at < m.since || at > uint64(len(m.messages)) {
		return nil, errGone
	}
	return m.decode(at), ctx.Err()
}

func (m *memory) newest(_ context.Context, stream string) (tips []tip, err error) {
	had := make(map[string]bool)
	for at := uint64(len(m.messages)); at >= m.since; at-- {
		s := m.messages[at-1].Subject
		consolidator, name, err := subject.Parse(s)
		if err != nil {
			return nil, err
		}
		if name == stream && !had[consolidator] {
			had[consolidator] = true
			tips = append(tips, tip{chain: &chain{store: shelf{m, s}, consolidator: consolidator, stream: stream}, newest: m.decode(at)})
		}
	}
	return tips, nil
}

// shelf is one subject of it.
type shelf struct {
	*memory
	subject string
}

func (s shelf) before(_ context.Context, at uint64) (*link, error) {
	for at--; at >= s.since; at-- {
		if s.messages[at-1].Subject == s.subject {
			return s.decode(at), nil
		}
	}
	return nil, errGone
}

func (s shelf) first(context.Context) (*link, error) {
	for at := s.since; at <= uint64(len(s.messages)); at++ {
		if s.messages[at-1].Subject == s.subject {
			return s.decode(at), nil
		}
	}
	return nil, errGone
}

// event is a record or a gap of a consolidator, as it was published.
type event struct {
	at      loss.Position
	data    string // "" is a gap
	own     int64
	arrived int64
	gap     loss.Loss
	batch   uint64 // where it stands
}

const testStream = "tenant/acme"

// written fills an archive at random, and returns what is in it.
func written(r *rand.Rand, m *memory, consolidators, batches int) map[string][]event {
	all := make(map[string][]event)
	next := make(map[string]loss.Position)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
	var b batch.Builder
	for range batches {
		c := fmt.Sprintf("vm-%d", r.IntN(consolidators))
		if r.IntN(4) == 0 { // other streams lie between
			m.append(c, "other", func(l batch.Links) batch.Message {
				return batch.EncodeGap(&batch.Head{Consolidator: c, Stream: "other", Links: l, Gap: &loss.Loss{Count: 1}}, time.UnixMilli(now))
			})
		}
		at, ok := next[c]
		if !ok {
			at = loss.Position{Epoch: r.Uint64() | 1}
		}
		h := batch.Head{Consolidator: c, Stream: testStream, Epoch: at.Epoch, First: at.Seq}
		if r.IntN(12) == 0 {
			gap := loss.Loss{Count: 1 + r.Uint64N(20), Reason: "the disk was full", Hop: loss.AtArchive}
			after := loss.Position{Epoch: at.Epoch, Seq: at.Seq + gap.Count}
			if r.IntN(2) == 0 {
				gap.Unknown = true
				after = loss.Position{Epoch: r.Uint64() | 1, Seq: r.Uint64N(3)}
				gap.Count, gap.After = after.Seq, after
			}
			h.Gap = &gap
			place := m.append(c, testStream, func(l batch.Links) batch.Message {
				h.Links = l
				return batch.EncodeGap(&h, time.UnixMilli(now))
			})
			all[c] = append(all[c], event{at: at, gap: gap, arrived: now, batch: place})
			next[c] = after
			continue
		}
		b.Reset()
		from := len(all[c])
		began := now
		for range 1 + r.IntN(9) {
			now += int64(r.IntN(400))
			e := event{at: at, own: now - int64(r.IntN(50)), arrived: began}
			switch r.IntN(20) {
			case 0:
				e.own = 0
				e.data = fmt.Sprintf(`{"c":%q,"seq":%d}`, c, at.Seq)
			case 1:
				e.own -= int64(r.IntN(3_600_000)) // late
				fallthrough
			default:
				e.data = fmt.Sprintf(`{"time":%q,"c":%q,"seq":%d}`, time.UnixMilli(e.own).UTC().Format(time.RFC3339Nano), c, at.Seq)
			}
			if err := b.Add([]byte(e.data), e.own, now); err != nil {
				panic(err)
			}
			all[c] = append(all[c], e)
			at.Seq++
		}
		place := m.append(c, testStream, func(l batch.Links) batch.Message {
			h.Links = l
			return b.Encode(&h)
		})
		for i := range all[c][from:] {
			all[c][from+i].batch = place
		}
		next[c] = at
	}
	return all
}

// consolidators are the names in order.
func consolidators(all map[string][]event) []string { return slices.Sorted(maps.Keys(all)) }

func seeded(t testing.TB, seed uint64) *rand.Rand {
	t.Helper()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 14))
}

// rounds is how many archives a test fills at random: more of them in make check.
func rounds() uint64 {
	if os.Getenv("SLUICE_CHECK") != "" {
		return 40
	}
	return 4
}
