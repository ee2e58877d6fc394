package tui

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/view"
)

// saveSlice is how many bytes go to the writer at once, and saveAhead how many
// such slices may wait for it: a slow disk stalls neither the keys nor the
// sources.
const (
	saveSlice = 256 << 10
	saveAhead = 4
)

// saving is a file being written from what a pane showed when it began, or of one
// record. It has a view of its own, so the pane may go on.
type saving struct {
	path string
	pane *pane
	one  *recordView // the only record; nil: all that the pane shows
	view *view.View  // of what is left to write; nil when it is one record
	open bool        // the file is open and is written

	compress func(io.Writer) (io.WriteCloser, error) // as the path's ending says

	over bool // everything is with the writer

	leave bool // the user wanted to quit, and was warned

	slices  chan []byte
	records uint64
	lost    uint64 // let go before they could be written
	unknown bool   // and a number that cannot be known
	next    uint64 // number of the next record to be written
	expect  int    // rows left; -1 until they are all found
}

// Messages about a file that is written.
type (
	openedMsg struct { // the file was made, or could not be
		saving *saving
		file   *os.File
		err    error
	}
	savedMsg struct { // the writer has ended
		saving *saving
		err    error
	}
)

// openSave asks for the file of what a pane shows, and suggests a name made of the
// pane's title and the time.
func (m *model) openSave(p *pane) {
	m.askPath(p, nil, "save to ", m.config.Now().In(m.location()).Format("20060102-150405"))
}

// openSaveRecord asks for the file of a record that is open.
func (m *model) openSaveRecord(d *recordView) tea.Cmd {
	if d.entry.Kind.Notice() {
		return m.notify("not saved: this is no record")
	}
	m.askPath(d.pane, d, "save this record to ", when(&d.entry, m.location()).Format("20060102-150405.000"))
	return nil
}

// askPath asks for the path of a file, and suggests one that ends in a stamp.
func (m *model) askPath(p *pane, one *recordView, lead, stamp string) {
	name := strings.NewReplacer("/", "-", " ", "-", "\\", "-", ":", "-").Replace(record.Safe(p.title()))
	pr := &prompt{lead: lead, empty: "a path; records as they were published, one a line; .gz or .zst compresses", past: &m.paths}
	pr.input.set(fmt.Sprintf("%s-%s.ndjson", cell.Shorten(name, 100), stamp))
	pr.done = func(text string) doneWith {
		path := strings.TrimSpace(text)
		compress, err := compression(path)
		switch {
		case path == "":
			return doneWith{fault: "name a file"}
		case err != nil:
			return doneWith{fault: err.Error()}
		case m.saving != nil:
			return doneWith{fault: "still saving to " + m.saving.path, holds: func() bool { return m.saving != nil }}
		case one == nil && p.view.Total() == 0:
			return doneWith{fault: "nothing is shown that could be saved", holds: func() bool { return p.view.Total() == 0 }}
		}
		return doneWith{cmd: m.startSaving(&saving{path: path, pane: p, one: one, compress: compress}, false)}
	}
	m.openDialog(pr)
}

// startSaving makes the file, away from the keys, and goes on with openedMsg.
func (m *model) startSaving(s *saving, over bool) tea.Cmd {
	if rest, home := strings.CutPrefix(s.path, "~/"); home {
		if dir, err := os.UserHomeDir(); err == nil {
			s.path = filepath.Join(dir, rest)
		}
	}
	s.slices, s.expect = make(chan []byte, saveAhead), -1
	if s.one == nil {
		s.view = s.pane.view.Snapshot()
	}
	m.saving = s
	path := s.path
	return func() tea.Msg {
		flags := os.O_CREATE | os.O_WRONLY | os.O_EXCL
		if over {
			flags = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return openedMsg{s, nil, fmt.Errorf("%s is a directory: name a file in it", path)}
		}
		file, err := os.OpenFile(path, flags, 0o600)
		return openedMsg{s, file, err}
	}
}

// savingOpened goes on with the file. It asks before it overwrites one that exists.
func (m *model) savingOpened(msg openedMsg) tea.Cmd {
	if msg.err == nil {
		msg.saving.open = true
		m.wake()
		return writeSlices(msg.saving, msg.file)
	}
	m.endSaving()
	if !errors.Is(msg.err, fs.ErrExist) {
		return m.notify("not saved: " + msg.err.Error())
	}
	s := &saving{path: msg.saving.path, pane: msg.saving.pane, one: msg.saving.one, compress: msg.saving.compress}
	m.ask(s.path+" exists: overwrite it?", func(yes bool) tea.Cmd {
		if !yes || s.one == nil && !slices.Contains(m.panes, s.pane) {
			return m.notify("not saved: " + s.path + " is as it was")
		}
		return m.startSaving(s, true)
	})
	return nil
}

// writeSlices writes what the model hands over, and reports the result.
func writeSlices(s *saving, file *os.File) tea.Cmd {
	return func() tea.Msg {
		out := bufio.NewWriter(file)
		packed, err := s.compress(out)
		for data := range s.slices {
			if err == nil {
				_, err = packed.Write(data)
			}
		}
		if err == nil {
			err = packed.Close()
		}
		return savedMsg{s, errors.Join(err, out.Flush(), file.Close())}
	}
}

// step copies records for the writer until the deadline. It reports whether
// more is left.
func (s *saving) step(deadline time.Time) (more bool) {
	if !s.open || s.over {
		return false
	}
	if s.one != nil {
		s.slices <- append([]byte(s.one.data), '\n')
		close(s.slices)
		s.records, s.over = 1, true
		return false
	}
	if s.view.Step(deadline, time.Now) {
		return true
	}
	for len(s.slices) < cap(s.slices) {
		if s.expect < 0 {
			s.expect = s.view.Total()
			if s.expect > 0 {
				s.next = s.view.At(0)
			}
		}
		ord, total := s.view.Ord(s.next), s.view.Total()
		if gone := s.expect - (total - ord); gone > 0 {
			s.lost += uint64(gone)
			s.expect -= gone
		}
		var data []byte
		for ; ord < total && len(data) < saveSlice; ord++ {
			number, e, _, raw := s.view.Row(ord)
			s.next = number + 1
			s.expect--
			missing, unknown := s.view.Missing(ord)
			s.lost += missing
			s.unknown = s.unknown || unknown
			if e.Kind.Notice() {
				continue
			}
			data = append(append(data, raw...), '\n')
			s.records++
		}
		if len(data) > 0 {
			s.slices <- data
		}
		if ord >= total {
			close(s.slices)
			s.over = true
			return false
		}
		if !time.Now().Before(deadline) {
			break
		}
	}
	return true
}

// saved describes the result.
func (s *saving) saved(err error) string {
	if err != nil {
		return "not saved whole: " + err.Error()
	}
	text := record.Count(s.records) + " records saved to " + s.path
	if s.records == 1 {
		text = "1 record saved to " + s.path
	}
	if s.lost > 0 || s.unknown {
		text += "; " + loss.Summary(s.lost, s.unknown, "let go before they could be")
	}
	return text
}

// endSaving forgets the file that is written.
func (m *model) endSaving() {
	if m.saving == nil {
		return
	}
	if m.saving.view != nil {
		m.saving.view.Close()
	}
	m.saving = nil
}
