package traces

import (
	"bytes"
	"strings"
)

// What each runtime prints.

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

// isRule reports whether a line frames a report of Go's race detector or of a
// sanitizer of C.
func isRule(line []byte) bool { return (len(line) == 18 || len(line) == 65) && consists(line, "=") }

// isSanitizer reports whether a line is "==7==ERROR: AddressSanitizer: …".
func isSanitizer(line []byte) bool {
	if !starts(line, "==") {
		return false
	}
	rest := bytes.TrimLeft(line[2:], "0123456789")
	return starts(rest, "==ERROR: ") && has(rest, "Sanitizer: ")
}

// isAborting reports whether a line is the last of a sanitizer: "==7==ABORTING".
func isAborting(line []byte) bool { return starts(line, "==") && ends(line, "==ABORTING") }

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

// isRemoteTraceback reports whether a line is "billiard.einfo.ExceptionWithTraceback: ".
func isRemoteTraceback(line []byte) bool { return ends(line, "Traceback: ") && isPythonException(line) }

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

// isMonolog reports whether a line is of a record of Monolog that goes on in the next
// one, since the exception in it has several.
func isMonolog(line []byte) bool {
	last := line[len(line)-1]
	return last != ' ' && last != '}' && last != ']' && isDigit(line[min(1, len(line)-1)]) && has(line, `"exception":"[object] (`)
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

// isElixirCall reports whether a line is "    (stdlib 4.2) gen_server.erl:1149: :gen_server.f/4".
func isElixirCall(line []byte) bool {
	return indented(line) && (has(line, ".ex:") || has(line, ".exs:") || has(line, ".erl:"))
}

func isErlangReport(line []byte) bool { return line[0] == '=' && has(line, " REPORT==== ") }

func isErlangFailure(line []byte) bool {
	return isErlangReport(line) && (starts(line, "=ERROR") || starts(line, "=CRASH") || starts(line, "=SUPERVISOR"))
}

// isErlangTerm reports whether a line may be one behind the first of an Erlang report: a term,
// or a line of a report of OTP's.
func isErlangTerm(line []byte) bool {
	return starts(line, "** ") || strings.IndexByte("{}[]<#", line[0]) >= 0 && !isLogged(line)
}

func isSwiftError(line []byte) bool {
	return starts(line, "Fatal error: ") ||
		ends(word(line), ":") && has(word(line), ".swift:") && (has(line, ": Fatal error: ") || ends(line, ": Fatal error"))
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

// Lua, Tcl, OCaml, .NET.

// isLuaError reports whether a line is "lua: x.lua:3: message", or of another
// interpreter of Lua: "lua5.4: ", "luajit: ".
func isLuaError(line []byte) bool {
	w := word(line)
	if !starts(w, "lua") || len(w) == len(line) || w[len(w)-1] != ':' {
		return false
	}
	version := w[len("lua") : len(w)-1]
	return string(version) == "jit" || consists(version, "0123456789.")
}

// isTclCall reports whether a line comes before a command in Tcl's trace.
func isTclCall(line []byte) bool {
	return starts(line, "    while ") && (ends(line, "    while executing") || ends(line, "    while compiling")) ||
		starts(line, "    invoked from within")
}

// isTclEnd reports whether a line ends a command of several lines: `}"`.
func isTclEnd(line []byte) bool { return ends(line, `"`) && consists(line, `}]" `) }

// isOCamlCall reports whether a line is `Called from A.f in file "a.ml", line 1, characters 2-3`.
func isOCamlCall(line []byte) bool {
	return (starts(line, "Called from ") || starts(line, "Raised ") || starts(line, "Re-raised at ")) &&
		(has(line, `file "`) && has(line, ", line") || ends(line, "unknown location"))
}

func mentionsException(first []byte) bool { return has(first, "xception") || namesException(first) }

// isDetail reports whether a line says more about the exception of .NET that the
// line before it has.
func isDetail(line []byte) bool {
	return starts(line, "Parameter name: ") || starts(line, "File name: '") || starts(line, "Actual value was ")
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
