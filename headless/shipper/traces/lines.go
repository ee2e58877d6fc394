package traces

import (
	"bytes"
	"strings"
)

// The kinds of lines, one function each. None is called with a blank line.

func starts(line []byte, prefix string) bool {
	return len(line) >= len(prefix) && string(line[:len(prefix)]) == prefix
}

func ends(line []byte, suffix string) bool {
	return len(line) >= len(suffix) && string(line[len(line)-len(suffix):]) == suffix
}

func has(line []byte, part string) bool { return bytes.Contains(line, []byte(part)) }

func isDigit(c byte) bool { return c-'0' < 10 }

func isLetter(c byte) bool { return c|0x20-'a' < 26 || c == '_' || c >= 0x80 }

func isBlankByte(c byte) bool { return c == ' ' || c == '\t' }

func indented(line []byte) bool { return isBlankByte(line[0]) }

func trimmed(line []byte) []byte {
	for len(line) > 0 && isBlankByte(line[0]) {
		line = line[1:]
	}
	return line
}

// word is a line up to its first space.
func word(line []byte) []byte {
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		return line[:i]
	}
	return line
}

// consists reports whether a line has no other bytes than these.
func consists(line []byte, of string) bool {
	for _, c := range line {
		if strings.IndexByte(of, c) < 0 {
			return false
		}
	}
	return true
}

// numbered reports whether a line ends with a number behind a colon, as the place
// of a line of source does, and returns what is before it.
func numbered(line []byte) (path []byte, ok bool) {
	n := len(line)
	for n > 0 && isDigit(line[n-1]) {
		n--
	}
	if n == len(line) || n < 2 || line[n-1] != ':' {
		return nil, false
	}
	return line[:n-1], true
}

// isLogged reports whether a line begins as loggers begin theirs: with a time, a
// level in capitals or as a field, either in brackets, or syslog's <6>. Such a line
// is no part of a message of several lines.
func isLogged(line []byte) bool {
	b, bracket := line, line[0] == '[' || line[0] == '<' || line[0] == '('
	if bracket {
		b = b[1:]
	}
	digits := len(b) - len(bytes.TrimLeft(b, "0123456789"))
	if digits > 0 {
		next := b[digits:]
		switch {
		case len(next) == 0:
			return false
		case next[0] == '>':
			return line[0] == '<' && digits <= 3
		case digits == 1 || len(next) == 1 || strings.IndexByte("-/:.T", next[0]) < 0:
			return false
		}
		return isDigit(next[1]) || next[1]-'A' < 26
	}
	n := 0
	for n < len(b) && b[n]|0x20-'a' < 26 {
		n++
	}
	if n == 0 || n == len(b) || n > 8 {
		return false
	}
	next := b[n:]
	var upper [8]byte
	for i, c := range b[:n] {
		upper[i] = c &^ 0x20
	}
	switch string(upper[:n]) {
	case "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "SEVERE", "CRITICAL", "FATAL":
		return b[0] < 'a' && b[n-1] < 'a' || bracket && (next[0] == ']' || next[0] == ' ')
	case "LEVEL", "TIME", "TS":
		return next[0] == '='
	case "I", "W", "E", "F", "D":
		return len(next) > 4 && (consists(next[:4], "0123456789") || starts(next, ", ["))
	case "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC":
		day := bytes.TrimLeft(next, " ")
		return len(day) > 0 && len(day) < len(next) && isDigit(day[0])
	}
	return false
}

// isMessage reports whether a line may belong to a message of several lines.
func isMessage(line []byte) bool {
	if isLogged(line) {
		return false
	}
	at, level := beginOf(line)
	return at == plain && level == 0
}

// isException reports whether a line begins with the name of an exception, as in
// "java.io.IOException: closed", "Error: no" or "TypeError [ERR_X]: no".
func isException(line []byte) bool {
	if len(line) == 0 || !isLetter(line[0]) {
		return false
	}
	n := 0
	for n < len(line) && (isLetter(line[n]) || isDigit(line[n]) || line[n] == '.' || line[n] == '$' || line[n] == '/') {
		n++
	}
	name := line[:n]
	if !ends(name, "Error") && !ends(name, "Exception") && !ends(name, "Throwable") && !ends(name, "Failure") && !ends(name, "Fault") {
		return false
	}
	return n == len(line) || line[n] == ':' || starts(line[n:], " [") || starts(line[n:], " {") || starts(line[n:], " (")
}

// namesException reports whether an exception stands somewhere in a line.
func namesException(line []byte) bool {
	return isException(line) || has(line, "Error: ") || has(line, "Exception: ") || has(line, "Error [")
}

// namesThrown is namesException for a line that calls follow: then a name with dots
// before a colon is an exception's, whatever it ends with.
func namesThrown(line []byte) bool { return namesException(line) || isThrown(line) }

// isThrown reports whether a line is what calls follow: an exception, or a name with
// dots as in "com.acme.NotFound: no such order".
func isThrown(line []byte) bool {
	if isException(line) {
		return true
	}
	n, dots := 0, 0
	for n < len(line) && (isLetter(line[n]) || n > 0 && isDigit(line[n]) || line[n] == '.' || line[n] == '$') {
		if line[n] == '.' || line[n] == '$' {
			dots++
		}
		n++
	}
	return dots > 0 && starts(line[n:], ": ")
}

// isFrame reports whether a line is a call in a trace of Java, Node or .NET:
// "	at a.b.C.d(C.java:1)", "    at f (/app/x.js:1:2)", "   at P.M() in P.cs:line 3".
func isFrame(line []byte) bool {
	if !indented(line) {
		return false
	}
	call := trimmed(line)
	if !starts(call, "at ") {
		return false
	}
	last := call[len(call)-1]
	return last == ')' || isDigit(last) || last == '>' || last == '{' || last == ',' || bytes.IndexByte(call, '(') > 0
}

// isBareFrame reports whether a line is a call of Java whose indentation was lost.
func isBareFrame(line []byte) bool {
	if !starts(line, "at ") {
		return false
	}
	call := line[len("at "):]
	name, _, ok := bytes.Cut(call, []byte("("))
	return ok && bytes.IndexByte(name, ' ') < 0 && bytes.IndexByte(name, '.') > 0 && (ends(call, ")") || ends(call, "]"))
}

// isRest reports whether a line says how many calls are left out: "... 12 more".
func isRest(line []byte) bool { return len(line) > 4 && starts(line, "... ") && isDigit(line[4]) }

func isClosing(line []byte) bool { return consists(line, "}]);, ") }
