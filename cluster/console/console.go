// Package console notifies people of what happens: by lines, and on a terminal by
// one last line that is redrawn.
//
// # Contract
//
// Text: whatever it is given, nothing acts on the terminal, and the last line
// takes one row, however narrow that is.
//
// Failure: what cannot be written is left out. It ends nothing.
//
// Blocking: as the writers do.
package console

import (
	"fmt"
	"io"
	"sync"

	"github.com/clipperhouse/displaywidth"

	"sluice/cluster/record"
)

// Progress is a terminal on which one line is redrawn. Its zero
// value shows nothing.
type Progress struct {
	Terminal io.Writer  // nil shows nothing
	Width    func() int // cells of it, asked each time; nil, and 0, mean 80
}

// Console is where people are notified. Its methods may be called from
// any goroutine.
type Console struct {
	lines    io.Writer
	progress Progress

	mu    sync.Mutex
	drawn bool // the last line is on the screen
}

// New returns a Console that writes lines; nil drops them. When there is a
// terminal, they go there.
func New(lines io.Writer, progress Progress) *Console {
	switch {
	case progress.Terminal != nil:
		lines = progress.Terminal
	case lines == nil:
		lines = io.Discard
	}
	if progress.Width == nil {
		progress.Width = func() int { return defaultWidth }
	}
	return &Console{lines: lines, progress: progress}
}

// Draws reports whether there is a terminal to draw on.
func (c *Console) Draws() bool { return c.progress.Terminal != nil }

const (
	clearLine    = "\r\x1b[K"
	defaultWidth = 80
)

// Notify writes a line.
func (c *Console) Notify(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
	_, _ = fmt.Fprintf(c.lines, "sluice: %s\n", record.Safe(text))
}

// Draw redraws the last line.
func (c *Console) Draw(text string) {
	if !c.Draws() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	width := c.progress.Width()
	if width <= 0 {
		width = defaultWidth // one that does not know its size
	}
	// The last cell is left free, or some terminals go on to the next row.
	if text = displaywidth.TruncateString(record.Safe(text), width-1, "…"); width == 1 {
		text = ""
	}
	_, _ = io.WriteString(c.progress.Terminal, clearLine+text)
	c.drawn = true
}

// wipe takes the last line away. c.mu is held.
func (c *Console) wipe() {
	if c.drawn {
		_, _ = io.WriteString(c.progress.Terminal, clearLine)
		c.drawn = false
	}
}

// Done takes the last line away.
func (c *Console) Done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
}
