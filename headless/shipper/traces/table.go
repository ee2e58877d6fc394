package traces

import "sluice/cluster/record"

// state is where in a trace the record is: what may come next.
type state uint8

const (
	plain    state = iota // an ordinary line, or the calls of Java, Node and .NET
	blank                 // a blank line behind that
	function              // the name of a function of Go in zap's trace: its file comes next
	failed                // a line that states an error: the trace of it may come next
	thrown                // an exception behind that, which calls must follow

	dart    // the exception comes next
	message // the message of an exception, which may have several lines

	goMessage
	goCalls
	goBlank
	gin   // the request in which something panicked
	ruled // the line above a report of Go's race detector, or a sanitizer of C
	race
	sanitizer

	pyBefore // what is said before a Traceback
	pyCalls
	pyRemote // an exception whose message is another process's Traceback, in quotes
	pyException
	pyMessage // lines behind the exception: of its message, if another Traceback follows
	pyChained // behind the line that announces another Traceback
	pyGroup
	pyGroupBlank
	pySyntax
	pyStack // where logging was called that failed
	pyFault
	pyFaultBlank

	nodeSource // the place of an uncaught error: the line of source comes next
	nodeCarets
	nodeMessage
	nodeCalls
	nodeBlank
	nodeHeap

	rubyThread
	rubyMessage
	rubyCalls
	rubyLast   // the error behind its calls
	rubyRescue // as rubyMessage and rubyCalls, while another error was handled
	rubyRescueCalls

	phpMessage
	phpCalls
	phpBlank

	rustPlace // the message comes next
	rustMessage
	rustCalls

	elixirReport
	elixirMessage
	elixirCalls
	elixirBlank
	erlangHead
	erlang

	ocaml
	luaMessage
	tclCode // the command that was called comes next
	tclCalls

	swiftError
	swiftBlank
	swiftCrash

	julHead
	julMessage

	done
	states
)

// rule says what becomes of a line: the first rule does whose functions report true.
type rule struct {
	line    func(line []byte) bool
	verdict Verdict
	to      state

	first  func(first []byte) bool // of the record's first line; nil admits any
	level  record.Level            // of the record, from this line on; 0 says nothing
	frame  bool                    // a call: then a record whose first line names an exception is an error
	inside bool                    // not right behind the first line
	weak   bool                    // it tells nothing about lines that wait: then it waits as well
}

// part is what may come next in a state.
type part struct {
	rules     []rule
	plain     bool  // the rules of ordinary lines hold as well
	otherwise *rule // admits what no other does
	blank     *rule // admits a blank line; nil: it ends the record
}

// like is a rule that admits lines with one of these beginnings.
func like(to state, beginnings ...string) rule {
	return rule{line: func(line []byte) bool {
		for _, b := range beginnings {
			if starts(line, b) {
				return true
			}
		}
		return false
	}, verdict: Joins, to: to}
}

func joins(to state, line func([]byte) bool) rule { return rule{line: line, verdict: Joins, to: to} }

func waits(to state, line func([]byte) bool) *rule { return &rule{line: line, verdict: Waits, to: to} }

func begins(line func([]byte) bool) rule { return rule{line: line} }

func (r rule) of(level record.Level) rule {
	r.level = level
	return r
}

func (r rule) weakly() rule {
	r.weak = true
	return r
}

func (r rule) failing() rule { return r.of(record.Error) }

func anything([]byte) bool { return true }

func notLogged(line []byte) bool { return !isLogged(line) }

// pause is a blank line that waits for what comes.
func pause(to state) *rule { return &rule{verdict: Waits, to: to} }

// table is what may come next, in each state.
var table = [states]part{
	plain: {plain: true, otherwise: waits(function, isFunction), blank: pause(blank)},
	blank: {rules: []rule{
		like(message, "Caused by:"),                                        // anyhow's, for Rust
		like(plain, "Stack backtrace:", "Location:", "Backtrace omitted."), // likewise, and eyre's
		like(plain, " ---> (Inner Exception #", "---> (Inner Exception #"),
	}},
	function: {rules: []rule{joins(plain, isGoFile)}},
	failed: {rules: []rule{
		like(pyCalls, traceback), joins(pyGroup, isGroup), begins(isSyntax), *waits(thrown, isThrown),
		{line: isFrame, verdict: Joins, to: plain, frame: true},
		joins(tclCode, isTclCall), joins(failed, indented),
	}, plain: true, otherwise: waits(function, isFunction), blank: pause(blank)},
	thrown: {rules: []rule{
		{line: isFrame, verdict: Joins, to: plain, frame: true}, joins(plain, isRubyFrame),
	}, otherwise: waits(thrown, isMessage), blank: pause(thrown)},
	dart: {rules: []rule{joins(message, notLogged)}},
	message: {rules: []rule{
		{line: isFrame, verdict: Joins, to: plain, frame: true},
		like(plain, "Stack backtrace:", "Location:", "Backtrace omitted."),
		begins(isGroup), begins(isSyntax), joins(message, indented).weakly(),
	}, plain: true, otherwise: waits(message, isMessage), blank: pause(message)},

	goMessage: {rules: []rule{
		joins(goCalls, isGoroutine),
		joins(goMessage, indented).weakly(),
		like(goMessage, "[signal ", "fatal error: ", "runtime: ", "PC=", "exit status "),
		like(goCalls, "runtime stack:"),
	}, otherwise: waits(goMessage, isMessage), blank: pause(goMessage)},
	goCalls: {rules: []rule{
		joins(goCalls, indented), joins(goCalls, isCall), joins(goCalls, isGoroutine), joins(goCalls, isRegister), joins(goCalls, isElided),
		like(goCalls, "created by ", "[originating from ", "exit status ", "runtime stack:"),
	}, blank: pause(goBlank)},
	goBlank: {rules: []rule{joins(goCalls, isGoroutine), joins(goCalls, isRegister), like(goCalls, "runtime stack:")}},
	gin:     {rules: []rule{joins(plain, isGinFrame)}, plain: true, otherwise: waits(gin, isMessage), blank: pause(gin)},
	ruled: {rules: []rule{
		like(race, "WARNING: DATA RACE", "WARNING: ThreadSanitizer: ").failing(), joins(sanitizer, isSanitizer).failing(),
	}, plain: true},
	sanitizer: {rules: []rule{
		like(sanitizer, "READ of size ", "WRITE of size ", "SUMMARY: ", "Shadow byte", "0x", "=>0x", "freed by ", "previously allocated by ",
			"allocated by ", "Thread T", "Direct leak of ", "Indirect leak of ", "HINT: ", "Address 0x"),
		joins(sanitizer, indented), joins(done, isAborting),
	}, blank: pause(sanitizer)},
	race: {rules: []rule{
		joins(done, isRule),
		joins(race, indented),
		like(race, "Read at ", "Write at ", "Atomic ", "Previous ", "Goroutine ", "Location is ", "Mutex ", "As if synchronized ", "SUMMARY: "),
	}, blank: pause(race)},

	pyBefore: {rules: []rule{
		joins(pyCalls, isTraceback).failing(),
		like(pyBefore, "future: ", "task: ", "handle: ", `"""`),
	}, plain: true},
	pyCalls: {rules: []rule{
		joins(pyCalls, indented),
		joins(rubyLast, isRubyError), // Ruby's calls, in the order of Python's
		joins(pyRemote, isRemoteTraceback),
		joins(pyException, isPythonException),
	}},
	pyRemote: {rules: []rule{like(pyBefore, `"""`)}},
	pyException: {rules: []rule{
		begins(isGroup),
		joins(pyException, indented),
		like(pyException, `"""`),
		like(pyStack, "Call stack:"),
		chained,
	}, otherwise: waits(pyMessage, isMessage), blank: pause(pyMessage)},
	pyMessage: {rules: []rule{chained, like(pyException, `"""`)}, otherwise: waits(pyMessage, isMessage), blank: pause(pyMessage)},
	pyChained: {rules: []rule{
		joins(pyCalls, isTraceback), joins(pyGroup, isGroup),
	}, blank: pause(pyChained)},
	pyGroup:      {rules: []rule{joins(pyGroup, inGroup)}, blank: pause(pyGroupBlank)},
	pyGroupBlank: {rules: []rule{chained}},
	pySyntax: {rules: []rule{
		joins(pySyntax, indented),
		like(done, "SyntaxError: ", "IndentationError: ", "TabError: "),
	}},
	pyStack:      {rules: []rule{joins(pyStack, indented), like(pyStack, "Message: ", "Arguments: ")}},
	pyFault:      {rules: pyFaultRules, blank: pause(pyFaultBlank)},
	pyFaultBlank: {rules: pyFaultRules},

	nodeSource: {otherwise: waits(nodeCarets, anything)},
	nodeCarets: {rules: []rule{joins(nodeMessage, isCarets).failing()}},
	nodeMessage: {rules: []rule{
		joins(nodeCalls, isFrame),
		like(done, "Node.js v"),
		like(nodeMessage, "(Use `node "),
	}, otherwise: waits(nodeMessage, notLogged), blank: pause(nodeMessage)},
	nodeCalls: {rules: []rule{
		joins(nodeCalls, indented), joins(nodeCalls, isClosing),
		like(nodeCalls, "Emitted 'error' event ", "Thrown at:"),
	}, blank: pause(nodeBlank)},
	nodeBlank: {rules: []rule{like(done, "Node.js v")}},
	nodeHeap: {rules: []rule{
		joins(nodeHeap, indented), joins(nodeHeap, isNativeFrame),
		like(nodeHeap, "<--- JS stacktrace --->", "FATAL ERROR: ", "----- Native stack trace -----", "==== JS stack trace "),
		joins(nodeHeap, isCollection),
	}, blank: pause(nodeHeap)},

	rubyThread: {rules: []rule{
		joins(rubyMessage, isRubyError).failing(),
	}, plain: true},
	rubyLast: {rules: []rule{
		joins(rubyLast, isFrom), joins(rubyLast, isRubyError), joins(rubyLast, isCarets), like(rubyLast, "Did you mean?"),
		joins(rubyLast, indented).weakly(),
	}, otherwise: waits(rubyLast, isMessage), blank: pause(rubyLast)},
	rubyMessage:     {rules: rubyRules(rubyCalls), otherwise: waits(rubyMessage, isMessage), blank: pause(rubyMessage)},
	rubyRescue:      {rules: rubyRules(rubyRescueCalls), otherwise: waits(rubyRescue, isMessage), blank: pause(rubyRescue)},
	rubyCalls:       {rules: []rule{joins(rubyRescueCalls, rescuingFrom), joins(rubyCalls, indented), joins(rubyCalls, isRubyFrame)}},
	rubyRescueCalls: {rules: []rule{joins(rubyRescueCalls, indented), joins(rubyRescueCalls, isRubyFrame), joins(rubyMessage, isRubyError)}},

	phpMessage: {rules: []rule{
		like(phpCalls, "Stack trace:", "[stacktrace]"),
		joins(phpMessage, indented).weakly(),
	}, otherwise: waits(phpMessage, isMessage), blank: pause(phpMessage)},
	phpCalls: {rules: []rule{
		joins(phpCalls, isNumberedFrame), joins(phpCalls, indented),
		like(phpCalls, "[stacktrace]", "<asynchronous suspension>"), joins(done, isMonologEnd),
	}, blank: pause(phpBlank)},
	phpBlank: {rules: []rule{like(phpMessage, "Next "), like(phpCalls, "[previous exception]")}},

	rustPlace: {rules: []rule{joins(rustMessage, notLogged)}, blank: pause(rustPlace)},
	rustMessage: {rules: []rule{
		joins(rustMessage, indented).weakly(),
		like(rustCalls, "note: ", "stack backtrace:", "fatal runtime error: ", "thread caused non-unwinding panic"),
	}, otherwise: waits(rustMessage, isMessage), blank: pause(rustMessage)},
	rustCalls: {rules: []rule{
		joins(rustCalls, indented), like(rustCalls, "note: ", "thread caused non-unwinding panic"),
	}},

	elixirReport: {rules: []rule{
		like(elixirMessage, "** (").failing(), like(elixirReport, "Server: ", "Request: ", "Last message", "State: "),
	}, plain: true},
	elixirMessage: {rules: []rule{joins(elixirCalls, isElixirCall), joins(elixirCalls, indented).weakly()}, otherwise: waits(elixirMessage, isMessage)},
	elixirCalls: {rules: []rule{
		joins(elixirCalls, indented),
		like(elixirCalls, "Last message", "State: ", "Function: ", "Client ", "Queue: ", "Initial Call: ", "Ancestors: "),
	}, blank: pause(elixirBlank)},
	elixirBlank: {rules: []rule{like(elixirCalls, "    (")}},
	erlangHead:  {rules: []rule{joins(erlang, isMessage)}},
	erlang:      {rules: []rule{joins(erlang, indented), joins(erlang, isErlangTerm)}},

	ocaml:      {rules: []rule{joins(ocaml, isOCamlCall)}},
	luaMessage: {rules: []rule{like(plain, "stack traceback:").failing()}, otherwise: waits(luaMessage, isMessage), blank: pause(luaMessage)},
	tclCode:    {rules: []rule{like(tclCalls, `"`)}},
	tclCalls:   {rules: []rule{joins(tclCode, isTclCall), joins(tclCalls, indented), joins(tclCalls, isTclEnd)}},

	swiftError: {rules: []rule{like(swiftCrash, "Current stack trace:")}, plain: true, blank: pause(swiftBlank)},
	swiftBlank: {rules: []rule{joins(swiftCrash, isSwiftCrash)}},
	swiftCrash: {rules: []rule{
		joins(swiftCrash, indented), joins(swiftCrash, isSwiftFrame), joins(swiftCrash, isRegister),
		like(swiftCrash, "*** ", "Registers:", "Images (", "Backtrace took ", "Backtrace:"),
	}, blank: pause(swiftCrash)},

	julHead: {rules: []rule{
		like(julMessage, "SEVERE: ").failing(), like(julMessage, "WARNING: ").of(record.Warn), joins(julMessage, isJULLevel),
	}, plain: true},
	julMessage: {rules: []rule{joins(message, isException), *waits(thrown, isThrown)}, plain: true},
	done:       {},
}

// chained is behind a Python exception.
var chained = like(pyChained, "During handling of the above exception, another exception occurred:",
	"The above exception was the direct cause of the following exception:")

var pyFaultRules = []rule{
	joins(pyFault, indented),
	like(pyFault, "Current thread 0x", "Thread 0x", "Python runtime state: ", "Extension modules: ", "<no Python frame>"),
}

// rubyRules are those behind a line that says what is wrong.
func rubyRules(calls state) []rule {
	message := rubyMessage
	if calls == rubyRescueCalls {
		message = rubyRescue
	}
	return []rule{
		joins(rubyRescueCalls, rescuingFrom),
		joins(calls, isFrom),
		joins(message, isCarets),
		like(message, "Did you mean?"),
		joins(message, indented).weakly(),
	}
}

func rescuingFrom(line []byte) bool { return isFrom(line) && isRescuing(line) }

// ordinary are the rules of ordinary lines, by the first bytes of what they admit.
var ordinary = []struct {
	first string
	rule  rule
}{
	{" ", begins(isGroup)},
	{" ", begins(isSyntax)},
	{" \t", rule{line: isFrame, verdict: Joins, to: plain, frame: true}},
	{" ", joins(tclCode, isTclCall).failing()},
	{" \t", joins(plain, indented).weakly()},
	{"CW", like(message, "Caused by:", "Wrapped by:")},
	{"C", like(plain, "CallStack (from HasCallStack):").failing()},
	{"CR", rule{line: isOCamlCall, verdict: Joins, to: ocaml, first: mentionsException, level: record.Error}},
	{"PFA", rule{line: isDetail, verdict: Joins, to: message, first: namesException}},
	{"-", like(plain, "---> (Inner Exception #")},
	{"<", joins(plain, func(line []byte) bool { return string(line) == "<---" })},
	{"\x1b", rule{line: func(line []byte) bool { return string(line) == "\x1b[0m" }, verdict: Joins, to: done, inside: true}}, // gin's
	{"S", like(plain, "Suppressed:", "Stack (most recent call last):")},
	{"S", like(phpCalls, "Stack trace:").failing()},
	{"P", like(plain, "PHP Stack trace:", "PHP   ")},
	{"-", like(plain, "--- End of ")},
	{".", joins(plain, isRest)},
	{"a", rule{line: isBareFrame, verdict: Joins, to: plain, frame: true}},
	{"}])", rule{line: isClosing, verdict: Joins, to: plain, inside: true, weak: true}},
	{"#", joins(phpCalls, isFirstFrame)},
	{"[", like(phpCalls, "[stacktrace]").failing()},
	{"/", joins(plain, isGinFrame)},
	{"g", rule{line: isGoroutine, verdict: Joins, to: goCalls, first: mentionsPanic, level: record.Error}},
	{"s", like(plain, "stack traceback:").failing()},
	{"(", like(plain, "(Use `node ")},
	{"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/.(<", rule{line: isRubyFrame, verdict: Joins, to: plain, frame: true}},
}

var plainRules [256][]*rule

func init() {
	for i := range ordinary {
		for _, c := range []byte(ordinary[i].first) {
			plainRules[c] = append(plainRules[c], &ordinary[i].rule)
		}
	}
}
