package shipper

import (
	"context"
	"time"

	"sluice/cluster/record"
)

// Counted is what is counted of lines.
type Counted struct{ Lines, Bunyan, Mapped, Texts, Joined, Blank, Cut, Continued, Marks uint64 }

type collector []string

func (c *collector) Publish(_ context.Context, _ string, rec []byte) error {
	*c = append(*c, string(rec))
	return nil
}

// Look makes a Shipper follow without notifications.
func Look(s *Shipper) { s.look = true }

// Lines is how many lines were read.
func Lines(s *Shipper) int { return int(s.counts.lines.Load()) }

// Behind is how many bytes are known not to be read.
func Behind(s *Shipper) int64 { return s.names.Load().Standing().Behind }

// Files is how many files were opened, and looked at.
func Files(s *Shipper) int { return int(s.counts.files.Load()) }

// Wanted is how many files wait to be opened.
func Wanted(s *Shipper) int { return s.names.Load().Wanted() }

// Rotations is how many rotations there were.
func (s *Shipper) Rotations() uint64 { return s.counts.rotations.Load() }

// Impatient makes a Shipper wait for nothing at its end.
func Impatient(s *Shipper) { s.cfg.Grace = time.Millisecond }

// Records is what becomes of input that is read in pieces of so many bytes.
func Records(input []byte, piece int, noJoin bool) (records []string, c Counted) {
	var out collector
	var n counts
	p := &pipeline{sink: sink{
		ctx: context.Background(), client: &out, stream: "system", bunyan: record.NewBunyan("app", "vm-1"), counts: &n, noJoin: noJoin,
		now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}}
	p.split.Line = p.line
	for len(input) > 0 {
		space := p.split.Space()
		size := copy(space, input[:min(piece, len(input))])
		_ = p.split.Took(size)
		input = input[size:]
	}
	_ = p.split.End()
	_ = p.sink.flush()
	return out, Counted{n.lines.Load(), n.bunyan.Load(), n.mapped.Load(), n.texts.Load(), n.joined.Load(), n.blank.Load(), n.cut.Load(), n.continued.Load(), n.marks.Load()}
}

type nowhere struct{}

func (nowhere) Publish(context.Context, string, []byte) error { return nil }

// Reader returns what makes records of input, of whole lines, and publishes them
// nowhere.
func Reader() func(input []byte) {
	var n counts
	p := &pipeline{sink: sink{ctx: context.Background(), client: nowhere{}, stream: "system", bunyan: record.NewBunyan("app", "vm-1"), counts: &n}}
	p.split.Line = p.line
	return func(input []byte) {
		for len(input) > 0 {
			size := copy(p.split.Space(), input)
			_ = p.split.Took(size)
			input = input[size:]
		}
	}
}

// EachSecond is what becomes of lines of which one comes each second.
func EachSecond(lines []string) []string {
	var out collector
	var n counts
	s := sink{ctx: context.Background(), client: &out, stream: "system", bunyan: record.NewBunyan("app", "vm-1"), counts: &n}
	for i, line := range lines {
		s.now = time.Date(2026, 3, 1, 12, 0, i, 0, time.UTC)
		_ = s.line([]byte(line), 0, int64(len(line)+1))
	}
	_ = s.flush()
	return out
}

// Unfinished is what becomes of input, of whole lines, of which more may come: the
// records that are published, and how many bytes at its end are in none.
func Unfinished(input []byte) (records []string, held int64) {
	var out collector
	var n counts
	p := &pipeline{sink: sink{
		ctx: context.Background(), client: &out, stream: "system", bunyan: record.NewBunyan("app", "vm-1"), counts: &n,
		now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}}
	p.split.Line = p.line
	size := copy(p.split.Space(), input)
	_ = p.split.Took(size)
	return out, p.sink.held
}

// Printed is what becomes of input, of whole lines that a container runtime keeps, of
// which more may come: the records that are published, and how many bytes at its end
// are not all in one. With ended no more comes.
func Printed(input []byte, format Format, ended bool) (records []string, held int64) {
	var out collector
	var n counts
	s := sink{ctx: context.Background(), client: &out, stream: "system", bunyan: record.NewBunyan("app", "vm-1"), counts: &n}
	p := &pipeline{sink: s, printed: newContainerLines(s, format)}
	p.split.Line = p.printed.line
	for len(input) > 0 {
		size := copy(p.split.Space(), input)
		_ = p.split.Took(size)
		input = input[size:]
	}
	if ended {
		_ = p.end()
	}
	return out, p.held()
}
