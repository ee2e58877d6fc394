package shipper

import (
	"cmp"
	"time"

	"sluice/cluster/record"
	"sluice/headless/unpack"
)

// idleFor is how long a record waits for a line that continues it.
const idleFor = 500 * time.Millisecond

// pipeline is one input on its way: bytes to lines to records.
type pipeline struct {
	split    unpack.Splitter
	sink     sink
	printed  *containerLines // takes the lines instead of sink, where a container runtime keeps them
	reported unpack.Skipped
	marks    record.StreamMarks
	several  func() // is called at the first mark
}

func (s *Shipper) pipeline(to Target) *pipeline {
	bunyan := s.bunyan
	if to.Name != "" {
		bunyan = record.NewBunyan(to.Name, s.cfg.Hostname)
	}
	p := &pipeline{sink: sink{
		ctx: s.publishing, client: s.cfg.Client, stream: to.Stream, fields: to.Fields, bunyan: bunyan, counts: &s.counts, noJoin: s.cfg.NoJoin,
	}}
	p.split.Line = p.line
	if s.cfg.Format != Plain {
		p.printed = newContainerLines(p.sink, s.cfg.Format)
		p.split.Line = p.printed.line
	}
	return p
}

// read reads once, and publishes what it brought.
func (p *pipeline) read(r *unpack.Reader) (n int, err error) {
	if p.split.Holes.InHole() {
		p.split.Holes.Skip(r.SkipHole())
	}
	n, err = r.Read(p.split.Space())
	if n > 0 {
		p.clock(time.Now())
		if err := p.split.Took(n); err != nil {
			return n, err
		}
	}
	return n, err
}

// clock says what time it is for what comes next.
func (p *pipeline) clock(now time.Time) {
	p.sink.now = now
	if p.printed != nil {
		for i := range p.printed.streams {
			p.printed.streams[i].sink.now = now
		}
	}
}

// flush publishes the record that is being joined, and what waits.
func (p *pipeline) flush() error {
	if p.printed != nil {
		return p.printed.flush()
	}
	return p.sink.flush()
}

// waits reports whether a record may be continued.
func (p *pipeline) waits() bool {
	if p.printed != nil {
		return p.printed.waits()
	}
	return p.sink.waits()
}

// unended reports whether a line has begun and its end was not read.
func (p *pipeline) unended() bool {
	return p.split.Unended() || p.printed != nil && p.printed.unended()
}

// held is how many bytes of the input, of those that are in lines, are in no record
// yet.
func (p *pipeline) held() int64 {
	if p.printed != nil {
		return p.printed.heldBytes()
	}
	return p.sink.held
}

// end publishes what is not whole, since no more comes.
func (p *pipeline) end() error {
	p.clock(time.Now())
	err := p.split.End()
	if p.printed != nil {
		return cmp.Or(err, p.printed.end())
	}
	return cmp.Or(err, p.sink.flush())
}

// stop publishes the record that is being joined. More may come and will not
// be read: the piece of a line whose end was not read is no line. It is counted.
func (p *pipeline) stop() error {
	p.clock(time.Now())
	if p.unended() {
		p.sink.counts.unended.Add(1)
	}
	return p.flush()
}
