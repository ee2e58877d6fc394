package shipper

import (
	"bytes"
)

// joiner decides which lines of text continue the record before them, so that a
// stack trace is one record.
//
// The rule. A JSON object is a record of its own, and ends the one before it. A
// line of text begins a record, unless it continues the one before:
//
//  1. It is indented by a space or a tab.
//  2. It begins with "Caused by:", "Suppressed:" or "--- End of ", or with "... "
//     and a number (… 12 more), or it begins with "at " and ends with ")".
//  3. It has nothing but closing brackets, and the record has several lines.
//  4. The record begins with "Traceback (most recent call last):". Then the
//     first line that is not indented, which names the exception, is its last;
//     but a blank line and "During handling of the above exception, another
//     exception occurred:", or "The above exception was the direct cause of the
//     following exception:", and the Traceback after it belong to it, too.
//  5. The record begins with "panic: ", "fatal error: " or "goroutine N [", as Go
//     programs end. Then the message up to a blank line, of ten lines at most,
//     belongs to it, and after that the goroutines: lines that begin with "goroutine ", "created
//     by ", "[signal ", "[originating from ", "exit status " or "...additional
//     frames elided...", or are calls, ending with ")"; and registers.
//
// Blank lines belong to a record only where a line of rules 4 or 5 follows them.
// A record that would exceed the limit goes on in the next one.
type joiner struct {
	kind  block
	lines int // of the record; 0 when there is none
	blank int // blank lines that may belong to it
}

// block is what kind of record it is, and how far.
type block uint8

const (
	blockPlain     block = iota
	blockTraceback       // in the calls
	blockException       // behind the line that names the exception
	blockChained         // behind the line that announces another one
	blockPanic           // in the message
	blockGoroutine       // in the calls
)

// maxPanic is how many lines the message of a panic has at most.
const maxPanic = 10

// begin notes the first line of a record.
func (j *joiner) begin(line []byte) {
	*j = joiner{lines: 1}
	switch {
	case isTraceback(line):
		j.kind = blockTraceback
	case hasPrefix(line, "panic: "), hasPrefix(line, "fatal error: "):
		j.kind = blockPanic
	case isGoroutine(line):
		j.kind = blockGoroutine
	}
}

// continues reports whether a line belongs to the record, and takes it if so. A
// blank line is held back: it may.
func (j *joiner) continues(line []byte) bool {
	if j.lines == 0 {
		return false
	}
	held := j.blank > 0
	yes := false
	switch j.kind {
	case blockPlain:
		yes = !held && continuation(line, j.lines)
	case blockTraceback:
		switch {
		case held:
		case indented(line):
			yes = true
		default:
			yes, j.kind = true, blockException
		}
	case blockException:
		switch {
		case hasPrefix(line, "During handling of the above exception, another exception occurred:"),
			hasPrefix(line, "The above exception was the direct cause of the following exception:"):
			yes, j.kind = true, blockChained
		case !held:
			yes = indented(line)
		}
	case blockChained:
		if isTraceback(line) {
			yes, j.kind = true, blockTraceback
		}
	case blockPanic:
		switch {
		case isGoroutine(line):
			yes, j.kind = true, blockGoroutine
		case hasPrefix(line, "[signal "):
			yes = true
		case !held:
			yes = indented(line) || j.lines < maxPanic
		}
	case blockGoroutine:
		switch {
		case isGoroutine(line), isRegister(line):
			yes = true
		case !held:
			yes = indented(line) || isCall(line) || hasPrefix(line, "created by ") || hasPrefix(line, "[originating from ") ||
				hasPrefix(line, "exit status ") || hasPrefix(line, "...additional frames elided...")
		}
	}
	if yes {
		j.lines++
	}
	return yes
}

// continuation is rules 1 to 3.
func continuation(line []byte, lines int) bool {
	switch line[0] {
	case ' ', '\t':
		return true
	case 'C':
		return hasPrefix(line, "Caused by:")
	case 'S':
		return hasPrefix(line, "Suppressed:")
	case '-':
		return hasPrefix(line, "--- End of ")
	case '.':
		return len(line) > 4 && hasPrefix(line, "... ") && isDigit(line[4])
	case 'a':
		return hasPrefix(line, "at ") && line[len(line)-1] == ')'
	case '}', ']', ')':
		return lines > 1 && len(bytes.Trim(line, "}]);, ")) == 0
	}
	return false
}

func hasPrefix(line []byte, prefix string) bool {
	return len(line) >= len(prefix) && string(line[:len(prefix)]) == prefix
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func indented(line []byte) bool { return len(line) > 0 && (line[0] == ' ' || line[0] == '\t') }

func isTraceback(line []byte) bool { return hasPrefix(line, "Traceback (most recent call last):") }

func isGoroutine(line []byte) bool {
	const begin = "goroutine "
	return hasPrefix(line, begin) && len(line) > len(begin) && isDigit(line[len(begin)]) && bytes.Contains(line, []byte(" ["))
}

// isCall reports whether a line is a call in a goroutine's trace.
func isCall(line []byte) bool {
	return line[len(line)-1] == ')' && bytes.IndexByte(line, '(') > 0 && bytes.IndexByte(line, ' ') < 0 ||
		line[len(line)-1] == ')' && bytes.Contains(line, []byte("(0x"))
}

// isRegister reports whether a line is a register with its value, such as
// "rax    0x0".
func isRegister(line []byte) bool {
	name, value, ok := bytes.Cut(line, []byte(" "))
	return ok && len(name) <= 6 && hasPrefix(bytes.TrimLeft(value, " "), "0x")
}
