// Package emulator is a terminal emulator for tests: vt10x, with what it lacks.
package emulator

import (
	"sync"
	"unicode/utf8"

	"github.com/hinshun/vt10x"
)

// Terminal is a terminal whose screen can be read. It is safe for concurrent
// use.
type Terminal struct {
	vt10x.Terminal

	mu   sync.Mutex
	rest []byte // the beginning of a rune whose end has not come yet
}

// New returns a terminal of that size.
func New(columns, rows int) *Terminal {
	return &Terminal{Terminal: vt10x.New(vt10x.WithSize(columns, rows))}
}

// Write takes what a program writes. A read from a pseudo-terminal may end
// within a rune, which vt10x would drop together with what follows: its first
// bytes wait for the rest.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rest = append(t.rest, p...)
	n := len(t.rest)
	for i := 1; i <= min(utf8.UTFMax, n); i++ {
		if utf8.RuneStart(t.rest[n-i]) {
			if !utf8.FullRune(t.rest[n-i:]) {
				n -= i
			}
			break
		}
	}
	_, err := t.Terminal.Write(t.rest[:n])
	t.rest = append(t.rest[:0], t.rest[n:]...)
	return len(p), err
}
