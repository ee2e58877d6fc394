package traces

import "sluice/cluster/record"

// beginnings are the lines that begin a trace, by their first bytes. The first that
// fits counts.
var beginnings = []struct {
	first string
	line  func([]byte) bool
	to    state
	level record.Level
}{
	{"p", is("panic: "), goMessage, record.Fatal},
	{"f", is("fatal error: "), goMessage, record.Fatal},
	{"S", is("SIGQUIT: quit", "SIGABRT: abort", "SIGSEGV: ", "SIGBUS: ", "SIGTRAP: "), goMessage, record.Fatal},
	{"r", is("runtime: goroutine stack exceeds "), goMessage, record.Fatal},
	{"u", is("unexpected fault address "), goMessage, record.Fatal},
	{"g", isGoroutine, goCalls, 0},
	{"=", isRule, ruled, 0},
	{"=", isSanitizer, sanitizer, record.Error},
	{"W", is("WARNING: DATA RACE"), race, record.Error},

	{" ", isGroup, pyGroup, record.Error},
	{" ", isSyntax, pySyntax, record.Error},
	{"-", is("--- Logging error ---"), pyBefore, 0},
	{"T", is("Task exception was never retrieved"), pyBefore, 0},
	{"T", is("Task was destroyed but it is pending!"), pyBefore, 0},
	{"EPcm", isThread, pyBefore, 0},
	{"F", is("Fatal Python error: "), pyFault, record.Fatal},

	{"E", is(`Exception in thread "`), message, record.Error},
	{"U", is("Unhandled exception. ", "Unhandled Exception: "), message, record.Error},
	{"U", is("Unhandled exception:", "Unhandled Exception:"), dart, record.Error},
	{"[", is("[ERROR] FATAL UNHANDLED EXCEPTION: "), message, record.Error}, // Mono's
	{"t", is("terminate called after throwing an instance of "), plain, record.Error},
	{"JFMASOND", isJULHead, julHead, 0},

	{"e", is("escript: exception "), plain, record.Error},
	{"F", is("FATAL ERROR: "), nodeHeap, record.Fatal},
	{"<", is("<--- Last few GCs --->"), nodeHeap, record.Fatal},

	{"#", is("#<Thread:0x"), rubyThread, 0},
	{"[", isMonolog, phpMessage, 0},
	{"PF[", isUncaughtPHP, phpMessage, record.Error},
	{"P", is("PHP Fatal error: ", "PHP Parse error: ", "PHP Recoverable fatal error: "), plain, record.Error},
	{"P", is("PHP Warning: "), plain, record.Warn},
	{"t", isRustPlace, rustPlace, record.Error},
	{"t", isRustPanic, rustMessage, record.Error},
	{"*", is("** ("), elixirMessage, record.Error},
	{"=", isErlangFailure, erlangHead, record.Error},
	{"=", isErlangReport, erlangHead, 0},
	{"R", isOCamlCall, ocaml, record.Error},
	{"l", isLuaError, luaMessage, 0},
	{"F", isSwiftError, swiftError, record.Fatal},
	{"*RT\xf0", isSwiftCrash, swiftCrash, record.Fatal},
}

func is(beginnings ...string) func([]byte) bool { return like(plain, beginnings...).line }

var beginningsBy [256][]int

func init() {
	for i := range beginnings {
		for _, c := range []byte(beginnings[i].first) {
			beginningsBy[c] = append(beginningsBy[c], i)
		}
	}
}

// beginOf is the state of a record that begins with a line, and the level that it
// has by its form; 0 when it has none.
func beginOf(line []byte) (state, record.Level) {
	for _, i := range beginningsBy[line[0]] {
		if b := &beginnings[i]; b.line(line) {
			return b.to, b.level
		}
	}
	switch line[len(line)-1] {
	case ':':
		if isTraceback(line) {
			return pyCalls, record.Error
		}
		if ends(line, " panic recovered:") {
			return gin, record.Error
		}
	case 'd', 'g', 'n':
		if isElixirReport(line) {
			return elixirReport, 0
		}
		if ends(line, "Task exception was never retrieved") {
			return pyBefore, 0
		}
	}
	if isDigit(line[0]) || line[0] == '[' || indented(line) {
		return plain, 0
	}
	return beginOfWord(line)
}

// beginOfWord is beginOf for what is known by its first word.
func beginOfWord(line []byte) (state, record.Level) {
	w := word(line)
	if len(w) == len(line) {
		if isScript(line) {
			return nodeSource, 0
		}
	} else {
		switch last, next := w[len(w)-1], line[len(w):]; {
		case last == 'n' && isRubyError(line):
			if isRescuing(line) {
				return rubyRescue, record.Error
			}
			return rubyMessage, record.Error
		case last == ':' && has(w, ".swift:") && isSwiftError(line):
			return swiftError, record.Fatal
		case last != ':' && !starts(next, " [") && !starts(next, " {") && !starts(next, " ("):
			return plain, 0 // an ordinary line
		}
	}
	if isException(line) {
		return message, 0
	}
	return plain, 0
}
