package recorder

import (
	"fmt"
	"io"
	"sync"

	"github.com/clipperhouse/displaywidth"

	"sluice/cluster/record"
)

// console is where people are told what happens: lines, and on a terminal one
// last line that is drawn again and again. Its methods may be called from any
// goroutine.
type console struct {
	lines    io.Writer
	terminal io.Writer // nil: there is none
	width    func() int

	mu    sync.Mutex
	drawn bool // the last line is on the screen
}

func newConsole(config *Config) *console {
	c := &console{lines: config.Notices, terminal: config.Progress.Terminal, width: config.Progress.Width}
	if c.lines == nil {
		c.lines = io.Discard
	}
	if c.terminal != nil {
		c.lines = c.terminal
	}
	if c.width == nil {
		c.width = func() int { return 80 }
	}
	return c
}

const clearLine = "\r\x1b[K"

// say writes a line; text is sanitised already. What cannot be written does not
// end a recording.
func (c *console) say(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
	_, _ = fmt.Fprintf(c.lines, "sluice: %s\n", text)
}

// draw shows the last line anew.
func (c *console) draw(text string) {
	if c.terminal == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// The last cell is left free, or some terminals go on to the next row.
	text = displaywidth.TruncateString(record.Safe(text), max(0, c.width()-1), "…")
	_, _ = io.WriteString(c.terminal, clearLine+text)
	c.drawn = true
}

// wipe takes the last line away. c.mu is held.
func (c *console) wipe() {
	if c.drawn {
		_, _ = io.WriteString(c.terminal, clearLine)
		c.drawn = false
	}
}

// done takes the last line away for good.
func (c *console) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
}
