package consume

import (
	"fmt"
	"io"
	"sync"

	"sluice/cluster/jsonscan"
	"sluice/cluster/loss"
	"sluice/cluster/record"
)

// Stats is what a worker has done since it was made.
type Stats struct {
	Batches     uint64 `json:"batches"`      // handled, of records that were not deferred
	Records     uint64 `json:"records"`      // handled
	Redelivered uint64 `json:"redelivered"`  // batches that came again: another worker may have done them, too
	Deferred    uint64 `json:"deferred"`     // times that something was put aside
	Dead        uint64 `json:"dead"`         // records that were given up
	Lost        uint64 `json:"lost"`         // records that the group does not get, as far as their number is known
	LostUnknown bool   `json:"lost_unknown"` // and some of which the number is not known
}

type stats struct {
	mu sync.Mutex
	s  Stats
}

func (s *stats) add(change func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.s)
}

func (s *stats) get() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.s
}

// WriteText writes what was done in words.
func (s *Stats) WriteText(w io.Writer) error {
	text := fmt.Sprintf("sluice: %s done, in %s", record.Plural(s.Records, "record"), plural(s.Batches, "batch", "batches"))
	if s.Redelivered > 0 {
		text += "; " + plural(s.Redelivered, "batch", "batches") + " came again"
	}
	if s.Deferred > 0 {
		text += "; put aside " + plural(s.Deferred, "time", "times")
	}
	if s.Dead > 0 {
		text += "; " + record.Plural(s.Dead, "record") + " given up"
	}
	if s.Lost > 0 || s.LostUnknown {
		text += "; " + loss.Number(s.Lost, s.LostUnknown) + " lost"
	}
	_, err := io.WriteString(w, text+"\n")
	return err
}

func plural(n uint64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return record.Count(n) + " " + more
}

// WriteJSON writes it as one line of JSON.
func (s *Stats) WriteJSON(w io.Writer) error {
	line, err := jsonscan.Marshal(s)
	if err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
