package bookmark

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sluice/cluster/record"
)

// Max is how many bookmarks a file has, and maxLine how long one may be, in bytes: a
// record of more is kept without its data.
const (
	Max     = 1000
	maxLine = 300 << 10
)

// Bookmark is a record with a comment.
type Bookmark struct {
	Time    time.Time `json:"time"` // of the record
	Stream  string    `json:"stream"`
	Source  string    `json:"source,omitempty"`
	Level   string    `json:"level,omitempty"`
	Message string    `json:"message"`
	Comment string    `json:"comment,omitempty"`
	Data    string    `json:"data,omitempty"` // the record as it was published
	Made    time.Time `json:"made"`
}

// Load reads a file; bad is how many of its lines could not be understood. That there
// is none is no error.
func Load(path string) (all []Bookmark, bad int, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read the bookmarks: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, Max*maxLine))
	if err != nil {
		return nil, 0, fmt.Errorf("read the bookmarks: %w", err)
	}
	for line := range bytes.Lines(data) {
		var b Bookmark
		switch {
		case len(bytes.TrimSpace(line)) == 0:
		case json.Unmarshal(line, &b) != nil || b.Time.IsZero() || len(all) == Max:
			bad++
		default:
			b.Time, b.Made = b.Time.UTC(), b.Made.UTC() // so that one is known again
			all = append(all, b)
		}
	}
	return all, bad, nil
}

// Save writes a file anew, readable by its owner only.
func Save(path string, all []Bookmark) error {
	var out bytes.Buffer
	for _, b := range all {
		line, err := json.Marshal(b)
		if err == nil && len(line) > maxLine {
			b.Data = ""
			line, err = json.Marshal(b)
		}
		if err != nil {
			return fmt.Errorf("keep the bookmarks: %w", err)
		}
		out.Write(append(line, '\n'))
	}
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path+".new", out.Bytes(), 0o600)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		_ = os.Remove(path + ".new")
		return fmt.Errorf("keep the bookmarks: %w", err)
	}
	return nil
}

// Markdown is a timeline of bookmarks in the order of their times, a heading a day, with
// the time since the one before.
func Markdown(all []Bookmark, location *time.Location) string {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Bookmark) int { return a.Time.Compare(b.Time) })
	var out strings.Builder
	out.WriteString("# Timeline\n")
	day := ""
	for i, b := range all {
		at := b.Time.In(location)
		if d := at.Format("Monday, 2 January 2006"); d != day {
			day = d
			fmt.Fprintf(&out, "\n## %s (%s)\n\n", day, at.Format("-07:00"))
		}
		fmt.Fprintf(&out, "- **%s**", at.Format("15:04:05.000"))
		if i > 0 {
			fmt.Fprintf(&out, " (+%v)", b.Time.Sub(all[i-1].Time).Round(time.Millisecond))
		}
		if b.Comment != "" {
			out.WriteString(" " + plain(b.Comment))
		}
		fmt.Fprintf(&out, "\n  %s\n", code(strings.Join(slices.DeleteFunc([]string{b.Stream, b.Source, strings.ToUpper(b.Level), b.Message}, func(s string) bool { return s == "" }), " ")))
	}
	return out.String()
}

// plain is foreign text that is no markup.
func plain(text string) string {
	var b strings.Builder
	for _, r := range record.Safe(text) {
		if strings.ContainsRune("\\`*_{}[]()<>#+-.!|~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code is foreign text as code on one line.
func code(text string) string {
	text = record.Safe(text)
	ticks := "`"
	for strings.Contains(text, ticks) {
		ticks += "`"
	}
	if len(ticks) > 1 {
		return ticks + " " + text + " " + ticks
	}
	return ticks + text + ticks
}
