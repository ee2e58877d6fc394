package printer

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/clipperhouse/displaywidth"

	"sluice/cluster/names"
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
	width   int               // of the names in them, in cells
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
	if config.several() && (config.Layout == record.LayoutShort || config.Layout == record.LayoutLong) {
		p.columns = make(map[string]string, len(config.Streams))
		for _, name := range config.Streams {
			if !config.Patterns || !names.IsPattern(name) {
				p.column(name)
			}
		}
	}
	return p
}

// column gives the lines of a stream their beginning, if lines have one: its name,
// padded to one width with the others.
func (p *lineWriter) column(stream string) {
	if p.columns == nil {
		return
	}
	p.columns[stream] = ""
	width := displaywidth.String(record.Safe(stream))
	again := []string{stream}
	if width <= maxColumn && width > p.width {
		p.width, again = width, slices.Collect(maps.Keys(p.columns))
	}
	for _, name := range again {
		safe := record.Safe(name)
		pad := max(0, p.width-displaywidth.String(safe))
		p.columns[name] = safe + strings.Repeat(" ", pad) + " | "
	}
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
