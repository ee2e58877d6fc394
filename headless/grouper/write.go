package grouper

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"sluice/cluster/group"
	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
)

// WriteNumbers writes a number a line.
func (g *Grouper) WriteNumbers(w io.Writer) error {
	out := bufio.NewWriter(w)
	var line []byte
	err := g.Numbers(func(n int) error {
		line = append(strconv.AppendInt(line[:0], int64(n), 10), '\n')
		_, err := out.Write(line)
		return err
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// object is how a template stands in JSON.
type object struct {
	Group    int               `json:"group"`
	Template string            `json:"template"`
	Count    uint64            `json:"count"`
	First    *string           `json:"first"` // null: none had a time
	Last     *string           `json:"last"`
	Levels   map[string]uint64 `json:"levels"`
}

// levels are the names under which levels are counted.
var levels = [group.Levels]string{"trace", "debug", "info", "warn", "error", "fatal", "other"}

// WriteJSON writes a JSON object a line for each template.
func (g *Grouper) WriteJSON(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, t := range g.Templates() {
		o := object{Group: t.Number, Template: t.Text, Count: t.Count, First: moment(t.First), Last: moment(t.Last), Levels: map[string]uint64{}}
		for i, n := range t.Levels {
			if n > 0 {
				o.Levels[levels[i]] = n
			}
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false) // holes stay readable
		if err := enc.Encode(o); err != nil {
			return fmt.Errorf("write template %d: %w", t.Number, err)
		}
		line := jsonscan.EscapeLineEnds(nil, bytes.TrimSuffix(b.Bytes(), []byte("\n")))
		// As JSON, what could act on a terminal can be escaped for everybody.
		if _, err := out.Write(record.Append(nil, line, record.LayoutRaw, record.Style{Terminal: true})); err != nil {
			return err
		}
	}
	return out.Flush()
}

// moment is a time for machines; nil when it is not known.
func moment(ms int64) *string {
	if ms == 0 {
		return nil
	}
	text := time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
	return &text
}

// WriteTable writes the templates in columns, times in a location.
func (g *Grouper) WriteTable(w io.Writer, location *time.Location) error {
	list := g.Templates()
	rows := [][4]string{{"COUNT", "LEVELS", "FIRST TO LAST", ""}}
	var widths [4]int
	for _, t := range list {
		rows = append(rows, [4]string{strconv.FormatUint(t.Count, 10), levelText(t), period(t, location)})
	}
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], len([]rune(text)))
		}
	}
	out := bufio.NewWriter(w)
	for i, row := range rows {
		text := "TEMPLATE"
		if i > 0 {
			text = record.Safe(list[i-1].Text)
			if list[i-1].Rest {
				text = "(what fits nowhere: there are too many kinds)"
			}
		}
		if _, err := fmt.Fprintf(out, "%*s  %-*s  %-*s  %s\n", widths[0], row[0], widths[1], row[1], widths[2], row[2], text); err != nil {
			return err
		}
	}
	return out.Flush()
}

// levelText is the levels of a template, the worst first; info alone is nothing to say.
func levelText(t group.Template) string {
	var parts []string
	for i := len(t.Levels) - 1; i >= 0; i-- {
		if n := t.Levels[i]; n == t.Count {
			return levels[i]
		} else if n > 0 {
			parts = append(parts, strconv.FormatUint(n, 10)+" "+levels[i])
		}
	}
	return strings.Join(parts, ", ")
}

// period is when the messages of a template came.
func period(t group.Template, location *time.Location) string {
	if t.First == 0 {
		return ""
	}
	first, last := time.UnixMilli(t.First).In(location), time.UnixMilli(t.Last).In(location)
	const day, clock = "2006-01-02 ", "15:04:05"
	text := first.Format(day + clock)
	switch {
	case first.Equal(last):
	case first.Format(day) == last.Format(day):
		text += " to " + last.Format(clock)
	default:
		text += " to " + last.Format(day+clock)
	}
	return text
}
