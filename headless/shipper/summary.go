package shipper

import (
	"fmt"
	"io"

	"sluice/cluster/jsonscan"
)

// Summary is what became of everything that was read. Lines = the lines in
// records other than Notices + Blank + Marks, and
//
//	Records = Acknowledged + Unacknowledged + Uncertain + Refused + Unsent
type Summary struct {
	Lines   uint64 `json:"lines"`
	Bytes   uint64 `json:"bytes"`   // of them, their ends included
	Records uint64 `json:"records"` // made of them

	Acknowledged   uint64 `json:"acknowledged"`   // the consolidator confirmed that they are in its log
	Unacknowledged uint64 `json:"unacknowledged"` // written to a peer that acknowledges nothing
	Uncertain      uint64 `json:"uncertain"`      // sent; whether they arrived is unknown
	Refused        uint64 `json:"refused"`        // the consolidator had no place for them
	Unsent         uint64 `json:"unsent"`         // never sent

	Repeated    uint64  `json:"repeated"`    // of the acknowledged: sent more than once, and perhaps there twice
	Bunyan      uint64  `json:"bunyan"`      // records that were bunyan already
	Mapped      uint64  `json:"mapped"`      // records that were some other JSON object
	Texts       uint64  `json:"texts"`       // records of text
	Joined      uint64  `json:"joined"`      // lines that continued a record
	Blank       uint64  `json:"blank"`       // lines that were left out
	Marks       uint64  `json:"marks"`       // lines that only name a stream, in recordings of several, and were left out
	Cut         uint64  `json:"cut"`         // records that were cut to the limit
	Zeros       uint64  `json:"zeros"`       // zero bytes that were skipped, in holes that truncations and crashes leave
	Continued   uint64  `json:"continued"`   // of the Texts: those that go on with the text of the record before
	Unended     uint64  `json:"unended"`     // inputs of which a piece of a line was read when the reading was interrupted: not published, and not in Lines
	Rotations   uint64  `json:"rotations"`   // followed
	Truncations uint64  `json:"truncations"` // what was not read before one is lost
	Missed      uint64  `json:"missed"`      // files that had a followed name and were gone before they could be opened
	LostBytes   uint64  `json:"lost_bytes"`  // that are known to have been truncated unread
	Doubts      uint64  `json:"doubts"`      // times after which it is unknown whether anything is missing
	Unread      uint64  `json:"unread"`      // bytes of followed files that were there and not read at the end
	Unnamed     uint64  `json:"unnamed"`     // files that a pattern found and of whose path no stream can be named
	Dropped     uint64  `json:"dropped"`     // messages to a source that it could not take: the system dropped them, or they were refused
	Notices     uint64  `json:"notices"`     // of the Records: those that tell of what is missing
	Seconds     float64 `json:"seconds"`
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

// WriteText writes a summary as one line, without some
// counts that are 0.
func (s *Summary) WriteText(w io.Writer) error {
	text := fmt.Sprintf("sluice: lines=%d records=%d acknowledged=%d uncertain=%d", s.Lines, s.Records, s.Acknowledged, s.Uncertain)
	for _, more := range []struct {
		name string
		n    uint64
	}{
		{"unacknowledged", s.Unacknowledged},
		{"refused", s.Refused},
		{"unsent", s.Unsent},
		{"repeated", s.Repeated},
		{"joined", s.Joined},
		{"blank", s.Blank},
		{"marks", s.Marks},
		{"cut", s.Cut},
		{"zeros", s.Zeros},
		{"continued", s.Continued},
		{"unended", s.Unended},
		{"rotations", s.Rotations},
		{"truncations", s.Truncations},
		{"missed", s.Missed},
		{"lost_bytes", s.LostBytes},
		{"doubts", s.Doubts},
		{"unread", s.Unread},
		{"unnamed", s.Unnamed},
		{"dropped", s.Dropped},
		{"notices", s.Notices},
	} {
		if more.n > 0 {
			text += fmt.Sprintf(" %s=%d", more.name, more.n)
		}
	}
	_, err := fmt.Fprintf(w, "%s seconds=%.1f\n", text, s.Seconds)
	return err
}
