package history

import (
	"context"
	"time"

	"sluice/archive/batch"
	"sluice/archive/subject"
	"sluice/cluster/names"
)

// Stream is one stream of which something is held.
type Stream struct {
	Name          string
	Consolidators []string  // of which something is held, in no order
	Newest        time.Time // by which the newest record is found, or a later time
}

// Holds are the streams of which something is held, in no order. It asks for the newest batch
// of each stream at each consolidator: some 300 bytes each.
func (a *Archive) Holds(ctx context.Context) ([]Stream, error) {
	if err := a.to.Err(); err != nil && time.Since(a.began) >= connectWait {
		return nil, err
	}
	at := make(map[string]int)
	var all []Stream
	for m, err := range a.to.Heads(ctx, subject.All) {
		if err != nil {
			return nil, err
		}
		consolidator, name, err := subject.Parse(m.Subject)
		if err != nil || names.Check(name) != nil || names.Check(consolidator) != nil {
			continue // somebody else's
		}
		newest := m.Stored
		if h, err := batch.Peek(m.Subject, m.Header); err == nil {
			newest = time.UnixMilli(h.Newest())
		}
		i, known := at[name]
		if !known {
			i = len(all)
			at[name] = i
			all = append(all, Stream{Name: name})
		}
		s := &all[i]
		s.Consolidators = append(s.Consolidators, consolidator)
		if newest.After(s.Newest) {
			s.Newest = newest
		}
	}
	return all, nil
}
