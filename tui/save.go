package tui

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
)

// saving is a file being written. The pane that its records are of may go on.
type saving struct {
	*outgoing
	path string

	compress func(io.Writer) (io.WriteCloser, error) // as the path's ending says

	leave bool // the user wanted to quit, and was warned
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

// openSave asks for the file of some records, and suggests a name made of the pane's
// title and the time.
func (m *model) openSave(l *lot) {
	name := strings.NewReplacer("/", "-", " ", "-", "\\", "-", ":", "-").Replace(record.Safe(l.pane.title()))
	stamp := m.config.Now().In(m.location()).Format("20060102-150405")
	if l.one != nil {
		stamp = when(&l.one.entry, m.location()).Format("20060102-150405.000")
	}
	pr := m.askLot(l, "save", " to ", "a path; records as they were published, one a line; .gz or .zst compresses")
	pr.past = &m.paths
	pr.input.set(fmt.Sprintf("%s-%s%s", cell.Shorten(name, 100), stamp, l.ending()))
	turn := pr.more
	pr.more = func(key string) (tea.Cmd, bool) {
		was := l.ending()
		cmd, ok := turn(key)
		if text, suggested := strings.CutSuffix(pr.input.text(), was); suggested && was != l.ending() {
			pr.input.set(text + l.ending())
		}
		return cmd, ok
	}
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
		}
		if fault := l.fault("saved"); fault != "" {
			return doneWith{fault: fault, holds: func() bool { return l.fault("saved") == fault }}
		}
		return doneWith{cmd: m.startSaving(&saving{outgoing: m.send(l), path: path, compress: compress}, false)}
	}
	m.openDialog(pr)
}

// openSaveRecord asks for the file of a record that is open.
func (m *model) openSaveRecord(d *recordView) tea.Cmd {
	if d.entry.Kind.Notice() {
		return m.notify("not saved: this is no record")
	}
	m.openSave(lotOf(d))
	return nil
}

// startSaving makes the file, away from the keys, and goes on with openedMsg.
func (m *model) startSaving(s *saving, over bool) tea.Cmd {
	if rest, home := strings.CutPrefix(s.path, "~/"); home {
		if dir, err := os.UserHomeDir(); err == nil {
			s.path = filepath.Join(dir, rest)
		}
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
	s := msg.saving
	if msg.err == nil {
		s.begin()
		return writeSlices(s, msg.file)
	}
	if !errors.Is(msg.err, fs.ErrExist) {
		m.endSaving()
		return m.notify("not saved: " + msg.err.Error())
	}
	m.saving = nil
	m.ask(s.path+" exists: overwrite it?", func(yes bool) tea.Cmd {
		if !yes {
			s.close()
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
		if err == nil {
			err = s.writeTo(packed)
		}
		if err == nil {
			err = packed.Close()
		}
		return savedMsg{s, errors.Join(err, out.Flush(), file.Close())}
	}
}

// saved describes the result.
func (s *saving) saved(err error) string {
	if err != nil {
		return "not saved whole: " + err.Error()
	}
	return plural(s.records, "record") + " saved to " + s.path + s.rest()
}

// endSaving forgets the file that is written.
func (m *model) endSaving() {
	if m.saving == nil {
		return
	}
	m.saving.close()
	m.saving = nil
}
