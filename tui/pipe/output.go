package pipe

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"sluice/tui/cell"
)

// Bounds of what is kept: in bytes, in lines, and of one line in bytes, of which no more
// is shown.
const (
	MaxOutput = 4 << 20
	MaxLines  = 200_000
	MaxLine   = 32 << 10
)

// tabWidth is how far the stops of tabs stand from each other, in columns.
const tabWidth = 8

// Output is what a command has printed, the first of it.
type Output struct {
	mu   sync.Mutex
	data []byte
	ends []int // of each whole line in data, behind its line break
	over uint64
}

// add keeps what was printed, as far as there is room.
func (o *Output) add(data []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(data) > 0 {
		n := len(data)
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			n = i + 1
		}
		if o.over > 0 || len(o.ends) == MaxLines || len(o.data)+n > MaxOutput {
			o.over += uint64(len(data))
			return
		}
		o.data = append(o.data, data[:n]...)
		if data[n-1] == '\n' {
			o.ends = append(o.ends, len(o.data))
		}
		data = data[n:]
	}
}

// Lines is how many lines are kept; one that has not come to its end is one, too.
func (o *Output) Lines() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lines()
}

func (o *Output) lines() int {
	if o.start(len(o.ends)) < len(o.data) {
		return len(o.ends) + 1
	}
	return len(o.ends)
}

// start is where a line begins.
func (o *Output) start(i int) int {
	if i == 0 {
		return 0
	}
	return o.ends[i-1]
}

// Line is one of the lines, for a screen: without colours, sanitised, with blanks in
// the place of tabs. Of a line that is longer than [MaxLine] it is the beginning.
func (o *Output) Line(i int) string {
	o.mu.Lock()
	if i < 0 || i >= o.lines() {
		o.mu.Unlock()
		return ""
	}
	from, to := o.start(i), len(o.data)
	if i < len(o.ends) {
		to = o.ends[i]
	}
	cut := to-from > MaxLine
	line := string(o.data[from:min(to, from+MaxLine)])
	o.mu.Unlock()
	line = shown(line)
	if cut {
		line += "…"
	}
	return line
}

// shown is a line as a screen shows it.
func shown(line string) string {
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if strings.IndexByte(line, '\x1b') >= 0 {
		line = withoutColours(line)
	}
	if strings.IndexByte(line, '\t') < 0 {
		return cell.Steady(line)
	}
	var b strings.Builder
	column := 0
	for i, text := range strings.Split(line, "\t") {
		if i > 0 {
			n := tabWidth - column%tabWidth
			b.WriteString("        "[:n])
			column += n
		}
		text = cell.Steady(text)
		b.WriteString(text)
		column += cell.Width(text, ansi.WcWidth)
	}
	return b.String()
}

// withoutColours takes the sequences out that set colours, or move within a line; all
// others stay, and are shown as what they are.
func withoutColours(line string) string {
	var b strings.Builder
	for {
		i := strings.Index(line, "\x1b[")
		if i < 0 {
			return b.String() + line
		}
		b.WriteString(line[:i])
		rest := strings.TrimLeft(line[i+2:], "0123456789;:")
		if rest == "" || rest[0] != 'm' && rest[0] != 'K' {
			b.WriteString(line[i : i+2])
			line = line[i+2:]
			continue
		}
		line = rest[1:]
	}
}

// Over is how many bytes were printed and not kept.
func (o *Output) Over() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.over
}

// Copy is all that is kept, as it was printed, with what is not UTF-8 replaced.
func (o *Output) Copy() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if utf8.Valid(o.data) {
		return string(o.data)
	}
	return string(bytes.ToValidUTF8(o.data, []byte("�")))
}
