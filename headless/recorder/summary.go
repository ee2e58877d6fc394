package recorder

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"sluice/cluster/jsonscan"
	"sluice/cluster/loss"
	"sluice/cluster/record"
)

// Summary is the result of a recording.
type Summary struct {
	Counts                 // over all streams
	Stored  uint64         `json:"stored"`  // bytes in files, compressed or not, those that were removed since included
	Files   int            `json:"files"`   // that were finished
	Seconds float64        `json:"seconds"` // from the start to the end
	Streams []StreamCounts `json:"streams"` // in the order of their names
	// Unaccounted are the sources that cannot count what is lost there: sockets
	// that are no consolidator's.
	Unaccounted []string `json:"unaccounted,omitempty"`
}

// StreamCounts are the counts of one stream.
type StreamCounts struct {
	Stream string `json:"stream"`
	Counts
}

func (r *Recorder) summarise(now time.Time) {
	s := &Summary{Streams: make([]StreamCounts, 0, len(r.streams))}
	r.summary = s
	for name, a := range r.streams {
		s.Counts.add(&a.Counts)
		s.Streams = append(s.Streams, StreamCounts{name, a.Counts})
	}
	slices.SortFunc(s.Streams, func(a, b StreamCounts) int { return cmp.Compare(a.Stream, b.Stream) })
	s.Stored, s.Files = r.files.stored, r.files.sync.finished
	s.Seconds = now.Sub(r.began).Round(time.Millisecond).Seconds()
	for name := range r.unaccounted {
		s.Unaccounted = append(s.Unaccounted, name)
	}
	slices.Sort(s.Unaccounted)
}

// WriteJSON writes a summary as one line of JSON.
func (s *Summary) WriteJSON(w io.Writer) error {
	line, err := jsonscan.Marshal(s)
	if err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// maxSummed is how many streams a summary for people names.
const maxSummed = 20

// WriteText writes a summary as lines that people and scripts can read: one for
// each stream, if there are several, and one for all, which is the last.
func (s *Summary) WriteText(w io.Writer) error {
	if len(s.Streams) > 1 {
		for i := range s.Streams {
			if i == maxSummed {
				if _, err := fmt.Fprintf(w, "sluice: and %d more streams; --summary json has all\n", len(s.Streams)-i); err != nil {
					return err
				}
				break
			}
			c := &s.Streams[i]
			if _, err := fmt.Fprintf(w, "sluice: %s: %s\n", record.Safe(c.Stream), c.text()); err != nil {
				return err
			}
		}
	}
	for _, name := range s.Unaccounted {
		if _, err := fmt.Fprintf(w, "sluice: %s could not tell what was lost\n", record.Safe(name)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "sluice: %s stored=%d files=%d seconds=%.1f\n", s.text(), s.Stored, s.Files, s.Seconds)
	return err
}

// text leaves out some counts that are 0.
func (c *Counts) text() string {
	text := fmt.Sprintf("records=%d bytes=%d gaps=%d dropped=%s unknown=%d", c.Records, c.Bytes, c.Gaps, loss.Field(c.Dropped, c.Unknown > 0), c.Unknown)
	if c.Older > 0 {
		text += fmt.Sprintf(" older=%d", c.Older)
	}
	if c.Filtered > 0 {
		text += fmt.Sprintf(" filtered=%d", c.Filtered)
	}
	if c.Unwritten > 0 {
		text += fmt.Sprintf(" unwritten=%d", c.Unwritten)
	}
	return text
}
