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
	at, _ := beginOf(line)
	return at == plain
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

// Go.

func isGoroutine(line []byte) bool {
	const begin = "goroutine "
	return starts(line, begin) && len(line) > len(begin) && isDigit(line[len(begin)]) && has(line, " [")
}

// isCall reports whether a line is a call in a goroutine: a name and its
// arguments, which are numbers.
func isCall(line []byte) bool {
	if line[len(line)-1] != ')' {
		return false
	}
	i := bytes.LastIndexByte(line, '(')
	return i > 0 && bytes.IndexByte(line[:i], ' ') < 0 && consists(line[i+1:len(line)-1], "0123456789abcdefx?{}, ._")
}

// isRegister reports whether a line is a register with its value: "rax    0x0".
func isRegister(line []byte) bool {
	name, value, ok := bytes.Cut(line, []byte(" "))
	return ok && len(name) <= 6 && starts(bytes.TrimLeft(value, " "), "0x")
}

// isElided reports whether a line says how many frames of Go are left out.
func isElided(line []byte) bool { return starts(line, "...") && ends(line, "elided...") }

// isFunction reports whether a line is the name of a function of Go, as
// "main.(*T).f": in a goroutine's trace there are arguments, in zap's there are none.
func isFunction(line []byte) bool {
	if !isLetter(line[0]) || len(line) > 1024 {
		return false
	}
	dot := false
	for _, c := range line {
		switch {
		case c == '.':
			dot = true
		case isLetter(c), isDigit(c), strings.IndexByte("/-~%()*[],·", c) >= 0:
		default:
			return false
		}
	}
	return dot
}

// isGoFile reports whether a line is the place of a call in Go: "	/src/main.go:7".
func isGoFile(line []byte) bool {
	path, ok := numbered(line)
	return ok && line[0] == '\t' && (ends(path, ".go") || ends(path, ".s") || ends(path, ".c"))
}

// isGinFrame reports whether a line is the place of a call as gin's recovery prints
// it: "/src/main.go:9 (0x7b1f05)".
func isGinFrame(line []byte) bool {
	place, pc, ok := bytes.Cut(line, []byte(" "))
	path, numbered := numbered(place)
	return ok && numbered && starts(pc, "(0x") && (ends(path, ".go") || ends(path, ".s"))
}

// isRaceLine reports whether a line frames a report of Go's race detector.
func isRaceLine(line []byte) bool { return len(line) == 18 && consists(line, "=") }

func mentionsPanic(first []byte) bool { return has(first, "panic") || has(first, "recovered") }

// Python.

const traceback = "Traceback (most recent call last):"

func isTraceback(line []byte) bool { return !indented(line) && ends(line, traceback) }

func isGroup(line []byte) bool {
	return indented(line) && starts(trimmed(line), "+ Exception Group "+traceback)
}

// inGroup reports whether a line has the margin of a group of exceptions.
func inGroup(line []byte) bool {
	if !indented(line) {
		return false
	}
	line = trimmed(line)
	return starts(line, "|") || starts(line, "+-")
}

// isSyntax reports whether a line begins a report of a source that cannot be
// compiled, which has no Traceback: `  File "x.py", line 3`.
func isSyntax(line []byte) bool {
	if !starts(line, `  File "`) || !isDigit(line[len(line)-1]) {
		return false
	}
	return bytes.HasSuffix(bytes.TrimRight(line, "0123456789"), []byte(`", line `))
}

// isPythonException reports whether a line names the exception behind the calls:
// "ValueError: no", "f.<locals>.E", "KeyboardInterrupt".
func isPythonException(line []byte) bool {
	if !isLetter(line[0]) || isLogged(line) {
		return false
	}
	n := 0
	for n < len(line) && (isLetter(line[n]) || isDigit(line[n]) || line[n] == '.' || line[n] == '<' || line[n] == '>') {
		n++
	}
	return n == len(line) || line[n] == ':'
}

// isThread reports whether a line names the thread or process of a traceback.
func isThread(line []byte) bool {
	return ends(line, ":") && (starts(line, "Exception in thread ") || starts(line, "Process ")) ||
		starts(line, "Exception ignored in") || ends(line, "RemoteTraceback: ")
}

// Node.

// isScript reports whether a line is the place of an uncaught error: "/app/x.js:3",
// "node:fs:573".
func isScript(line []byte) bool {
	path, ok := numbered(line)
	if !ok || bytes.IndexByte(path, '\t') >= 0 {
		return false
	}
	switch {
	case starts(path, "node:"), starts(path, "internal/"):
		return bytes.IndexByte(path, ' ') < 0
	case path[len(path)-1] == 's':
		return ends(path, ".js") || ends(path, ".cjs") || ends(path, ".mjs") || ends(path, ".ts") || ends(path, ".mts") || ends(path, ".cts")
	}
	return ends(path, ".jsx") || ends(path, ".tsx") || string(path) == "[eval]" || string(path) == "[stdin]"
}

// isCarets reports whether a line has nothing but marks below a line of source.
func isCarets(line []byte) bool {
	return bytes.IndexByte(line, '^') >= 0 && consists(line, " \t^~")
}

// isNativeFrame reports whether a line is a call such as "10: 0x10b7e4a f".
func isNativeFrame(line []byte) bool {
	line = trimmed(line)
	rest := bytes.TrimLeft(line, "0123456789")
	return len(rest) < len(line) && starts(rest, ": 0x")
}

// isCollection reports whether a line is of the garbage collector: "[15573:0x350d2d10]  57 ms: …".
func isCollection(line []byte) bool { return starts(line, "[") && has(word(line), ":0x") }

// Ruby.

// rubyPlace returns what comes after "x.rb:3:in " at the beginning of a line, from
// the quotation mark on.
func rubyPlace(line []byte) []byte {
	place := word(line)
	if len(place) == len(line) || !ends(place, ":in") {
		return nil
	}
	if _, ok := numbered(place[:len(place)-len(":in")]); !ok {
		return nil
	}
	rest := line[len(place)+1:]
	if !starts(rest, "`") && !starts(rest, "'") {
		return nil
	}
	return rest
}

// isRubyError reports whether a line is "x.rb:3:in `f': message", of whatever
// class.
func isRubyError(line []byte) bool { return has(rubyPlace(line), "': ") }

// isRubyFrame reports whether a line is "x.rb:3:in `f'".
func isRubyFrame(line []byte) bool {
	return line[len(line)-1] == '\'' && len(rubyPlace(line)) > 1
}

// isFrom reports whether a line is "	from x.rb:3:in `f'", or "	1: from …" where the
// last call comes last.
func isFrom(line []byte) bool {
	if !indented(line) {
		return false
	}
	call := trimmed(line)
	if n := bytes.TrimLeft(call, "0123456789"); len(n) < len(call) && starts(n, ": ") {
		call = n[len(": "):]
	}
	return starts(call, "from ")
}

// isRescuing reports whether an error was raised while another was handled: the
// other's trace follows.
func isRescuing(line []byte) bool { return has(line, "rescue in ") || has(line, "ensure in ") }

// PHP, and others that number calls so.

func isNumberedFrame(line []byte) bool {
	rest := bytes.TrimLeft(line[1:], "0123456789")
	return line[0] == '#' && len(rest) < len(line)-1 && starts(rest, " ")
}

func isFirstFrame(line []byte) bool { return starts(line, "#0 ") }

func isUncaughtPHP(line []byte) bool {
	if line[0] == '[' {
		i := bytes.IndexByte(line, ']')
		if i < 0 || i+2 >= len(line) {
			return false
		}
		line = line[i+2:]
	}
	return starts(line, "PHP Fatal error:  Uncaught ") || starts(line, "Fatal error: Uncaught ")
}

// isMonologEnd reports whether a line ends the context of a record of Monolog: `"} `.
func isMonologEnd(line []byte) bool { return starts(line, `"}`) }

// Rust, Elixir, Erlang, Swift.

func isRustPanic(line []byte) bool {
	return starts(line, "thread '") && (has(line, " panicked at ") || has(line, "' has overflowed its stack") || has(line, ") has overflowed its stack"))
}

func isRustPlace(line []byte) bool { return isRustPanic(line) && ends(line, ":") }

func isElixirReport(line []byte) bool {
	return ends(line, " terminating") || ends(line, " terminated") || ends(line, " raised an exception")
}

func isErlangReport(line []byte) bool { return line[0] == '=' && has(line, " REPORT==== ") }

func isErlangFailure(line []byte) bool {
	return isErlangReport(line) && (starts(line, "=ERROR") || starts(line, "=CRASH") || starts(line, "=SUPERVISOR"))
}

func isSwiftError(line []byte) bool {
	return starts(line, "Fatal error: ") || ends(word(line), ":") && has(word(line), ".swift:") && has(line, ": Fatal error: ")
}

func isSwiftCrash(line []byte) bool {
	return starts(line, "*** Signal ") || starts(line, "*** Program crashed: ") || starts(line, "💣 Program crashed: ") ||
		starts(line, "Received signal ") && ends(line, "Backtrace:") || starts(line, "Thread ") && has(line, " Crashed:")
}

// isSwiftFrame reports whether a line is a call, a thread or an image of a crash:
// "0 [inlined] 0x…", "12 0x… f() + 3 in app at /x.swift:3:1", "Thread 1:".
func isSwiftFrame(line []byte) bool {
	if starts(line, "Thread ") {
		return ends(line, ":") || has(line, "rashed")
	}
	rest := bytes.TrimLeft(line, "0123456789")
	return len(rest) < len(line) && (starts(rest, " ") && (has(rest, "0x") || starts(rest, " [")) || starts(rest, "x"))
}

// java.util.logging, whose records have two lines: "Nov 29, 2026 9:35:21 AM a.B c"
// and "SEVERE: message".

func isJULHead(line []byte) bool {
	if len(line) < 22 || line[3] != ' ' || !isDigit(line[4]) {
		return false
	}
	i := bytes.IndexByte(line[:8], ',')
	return i > 0 && strings.Contains("JanFebMarAprMayJunJulAugSepOctNovDec", string(line[:3])) && starts(line[i:], ", 20") &&
		(has(line, " AM ") || has(line, " PM ") || has(line, "\u202fAM ") || has(line, "\u202fPM "))
}

func isJULLevel(line []byte) bool {
	i := bytes.IndexByte(line[:min(len(line), 10)], ':')
	if i < 0 || !starts(line[i:], ": ") {
		return false
	}
	switch string(line[:i]) {
	case "INFO", "CONFIG", "FINE", "FINER", "FINEST":
		return true
	}
	return false
}
