package printer

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/clipperhouse/displaywidth"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

const (
	outBuffer  = 64 << 10
	maxScratch = 1 << 20 // bytes that a large record may leave allocated
	maxColumn  = 32      // cells up to which the names of streams are padded
)

// lineWriter writes records.
type lineWriter struct {
	out     io.Writer
	buf     []byte // records that are not written yet
	ends    []int  // where each of them ends
	layout  record.Layout
	style   record.Style
	columns map[string]string // by stream, what begins each of its lines; nil for none
	printed uint64            // records, that are written or about to be
	lost    uint64            // of them, those that could not be written
	unread  bool              // records go out as they came, and are not parsed

	normal  []byte // a record made one line of JSON
	scratch []byte // a record as lines
}

func newLineWriter(config *Config) *lineWriter {
	p := &lineWriter{
		out:    config.Out,
		layout: config.Layout,
		style:  config.Style,
		unread: config.Layout == record.LayoutRaw && config.Filter == (query.Filter{}) && config.Until == nil,
	}
	if len(config.Streams) > 1 && (config.Layout == record.LayoutShort || config.Layout == record.LayoutLong) {
		p.columns = columns(config.Streams)
	}
	return p
}

// columns pads the names of streams to one width.
func columns(streams []string) map[string]string {
	width := 0
	for _, name := range streams {
		if w := displaywidth.String(record.Safe(name)); w <= maxColumn {
			width = max(width, w)
		}
	}
	columns := make(map[string]string, len(streams))
	for _, name := range streams {
		safe := record.Safe(name)
		pad := max(0, width-displaywidth.String(safe))
		columns[name] = safe + strings.Repeat(" ", pad) + " | "
	}
	return columns
}

// line returns a record as one line of JSON: what the proxy would have made of
// it, so that filters mean the same directly. It is valid until the next call.
func (p *lineWriter) line(rec *stream.Record) []byte {
	if p.unread && oneLine(rec.Data) || record.IsLine(rec.Data) {
		return rec.Data
	}
	if cap(p.normal) > maxScratch {
		p.normal = nil
	}
	p.normal = record.NormaliseAt(p.normal[:0], rec.Data, time.Unix(0, rec.Arrived))
	return p.normal
}

// oneLine reports whether there is no line break in data.
func oneLine(data []byte) bool {
	return bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') < 0
}

// print writes a record whose line is given.
func (p *lineWriter) print(rec *stream.Record, line []byte) error {
	if cap(p.scratch) > maxScratch {
		p.scratch = nil
	}
	data := line
	if p.layout == record.LayoutRaw && oneLine(rec.Data) {
		data = rec.Data // as it came
	}
	p.printed++
	if p.columns == nil {
		p.buf = record.Append(p.buf, data, p.layout, p.style)
	} else {
		column, ok := p.columns[rec.Stream]
		if !ok {
			column = record.Safe(rec.Stream) + " | "
		}
		p.scratch = record.Append(p.scratch[:0], data, p.layout, p.style)
		for line := range bytes.Lines(p.scratch) {
			p.buf = append(append(p.buf, column...), line...)
		}
	}
	p.ends = append(p.ends, len(p.buf))
	if len(p.buf) >= outBuffer {
		return p.flush()
	}
	return nil
}

// flush writes what is not written yet. After an error nothing is.
func (p *lineWriter) flush() error {
	if len(p.buf) == 0 {
		return nil
	}
	n, err := p.out.Write(p.buf)
	if err != nil {
		for _, end := range p.ends {
			if end > n {
				p.lost++
			}
		}
		err = fmt.Errorf("write records: %w", err)
	}
	p.buf, p.ends = p.buf[:0], p.ends[:0]
	if cap(p.buf) > maxScratch {
		p.buf = nil
	}
	return err
}
