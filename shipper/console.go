package shipper

import (
	"fmt"
	"io"
	"sync"

	"sluice/cluster/record"
)

// console writes notices, a line each, and on a terminal below them how it
// goes.
type console struct {
	mu       sync.Mutex
	notices  io.Writer
	terminal io.Writer // nil shows nothing
	drawn    bool
}

// say writes a notice. One that cannot be written ends nothing.
func (c *console) say(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	_, _ = fmt.Fprintf(c.notices, "sluice: %s\n", record.Safe(text))
}

// draw shows how it goes.
func (c *console) draw(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.terminal != nil {
		_, _ = fmt.Fprintf(c.terminal, "\r\x1b[K%s", record.Safe(text))
		c.drawn = true
	}
}

// done takes the progress away.
func (c *console) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	c.terminal = nil
}

func (c *console) clear() {
	if c.drawn {
		_, _ = io.WriteString(c.terminal, "\r\x1b[K")
		c.drawn = false
	}
}
