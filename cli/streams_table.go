package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/clipperhouse/displaywidth"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// listing prints live streams: as a table, which is redrawn when it is watched on
// a terminal, or as lines that go on.
type listing struct {
	out    io.Writer
	json   bool
	watch  bool
	screen *os.File // the terminal that is drawn on; nil for none
}

func newListing(out *os.File, watch, json bool) *listing {
	l := &listing{out: out, watch: watch, json: json}
	if watch && !json && isTerminal(out) {
		l.screen = out
	}
	return l
}

// liveStream is how a stream stands in JSON.
type liveStream struct {
	Time    string  `json:"time"`
	Name    string  `json:"name"`
	Rate    float64 `json:"rate"`
	Bytes   float64 `json:"bytes"`
	Records uint64  `json:"records"`
	Sources int     `json:"sources"`
}

// print prints the streams as they are at a time; trouble is why they may not
// be all; nil when they are.
func (l *listing) print(now time.Time, live []stream.Live, trouble error) error {
	var b bytes.Buffer
	switch {
	case l.json:
		at := now.UTC().Format("2006-01-02T15:04:05.000Z")
		for _, s := range live {
			line, err := jsonscan.Marshal(liveStream{at, s.Name, s.Rate, s.Bytes, s.Records, s.Sources})
			if err != nil {
				return fmt.Errorf("write stream %q: %w", s.Name, err)
			}
			// As JSON, what could act on a terminal can be escaped for everybody.
			b.Write(record.Append(nil, line, record.LayoutRaw, record.Style{Terminal: true}))
		}
	case l.screen != nil:
		l.draw(&b, now, live, trouble)
	case l.watch:
		for _, s := range live {
			fmt.Fprintf(&b, "%s %s %.1f %.0f %d\n", now.UTC().Format(time.RFC3339), record.Safe(s.Name), s.Rate, s.Bytes, s.Sources)
		}
	default:
		table(&b, live)
	}
	if trouble != nil && l.screen == nil {
		fmt.Fprintf(os.Stderr, "sluice: %s; trying again\n", record.Safe(trouble.Error()))
	}
	_, err := l.out.Write(b.Bytes())
	return err
}

// draw draws a screen: from its top, clearing what was there, as many lines as
// there is room for.
func (l *listing) draw(b *bytes.Buffer, now time.Time, live []stream.Live, trouble error) {
	width, height, err := term.GetSize(l.screen.Fd())
	if err != nil || height < 4 || width < 20 {
		width, height = 80, 24
	}
	b.WriteString("\x1b[H")
	line := func(text string) { // it must not wrap
		b.WriteString(displaywidth.TruncateString(text, width-1, "") + "\x1b[K\n")
	}
	state := fmt.Sprintf("%d live streams at %s; ^C ends", len(live), now.Format("15:04:05"))
	if trouble != nil {
		state = record.Safe(trouble.Error()) + "; trying again"
	}
	line(state)
	var rows bytes.Buffer
	table(&rows, live)
	for i, row := range bytes.Split(bytes.TrimSuffix(rows.Bytes(), []byte("\n")), []byte("\n")) {
		if i == height-3 && len(live) > i {
			line(fmt.Sprintf("and %d more: sluice streams lists all", len(live)-i+1))
			break
		}
		line(string(row))
	}
	b.WriteString("\x1b[J")
}

// table writes the streams in columns.
func table(w io.Writer, live []stream.Live) {
	if len(live) == 0 {
		return
	}
	rows := [][]string{{"STREAM", "RECORDS/S", "BYTES/S", "SOURCES"}}
	for _, s := range live {
		rows = append(rows, []string{record.Safe(s.Name), fmt.Sprintf("%.1f", s.Rate), fmt.Sprintf("%.0f", s.Bytes), strconv.Itoa(s.Sources)})
	}
	var widths [4]int
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], displaywidth.String(text))
		}
	}
	for _, row := range rows {
		last := len(row) - 1
		for i, text := range row[:last] {
			fmt.Fprint(w, text, strings.Repeat(" ", widths[i]-displaywidth.String(text)+2))
		}
		fmt.Fprintln(w, row[last])
	}
}
