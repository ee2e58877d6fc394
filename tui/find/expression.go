package find

import (
	"encoding/binary"
	"regexp"
	"regexp/syntax"
	"slices"
)

// Expression tells whether texts match a regular expression, many times faster than
// package regexp, which it asks where it does not know: it is an automaton whose states are
// made when a text comes to them. It is for one goroutine.
type Expression struct {
	re     *regexp.Regexp
	prog   *syntax.Prog // nil: regexp is always asked
	states map[string]*state
	begin  *state
	resets int

	seen  []bool // instructions of the set that is being made
	stack []uint32
	set   []uint32
	key   []byte
}

// state is where a text may be in the expression after some of its bytes.
type state struct {
	next  [asciiEnd]*state // by the next byte; nil is not known yet
	end   *state           // if the text ends here
	from  []uint32         // the instructions that it may go on with, in order
	after context          // of the byte before
}

// asciiEnd is the first byte that is not ASCII.
const asciiEnd = 0x80

// context is what the byte before tells of a place in a text.
type context uint8

const (
	atBegin context = iota
	afterLine
	afterWord
	afterOther
)

var (
	matches = new(state) // whatever follows
	fails   = new(state) // at the end
)

const (
	// maxStates bounds the states that are kept: a KiB each, about.
	maxStates = 1000
	// maxResets is how often all of them may be made anew before the expression is taken for
	// one that has too many.
	maxResets = 100
)

// NewExpression is an expression that matches what re matches.
func NewExpression(re *regexp.Regexp) *Expression {
	x := &Expression{re: re}
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return x
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return x
	}
	x.prog, x.seen = prog, make([]bool, len(prog.Inst))
	x.reset()
	return x
}

// reset forgets all states.
func (x *Expression) reset() {
	x.states = make(map[string]*state)
	x.begin = x.state(nil, atBegin)
}

// Match reports whether the expression matches somewhere in a text.
func (x *Expression) Match(text []byte) bool {
	if x.prog == nil {
		return x.re.Match(text)
	}
	s := x.begin
	for _, c := range text {
		if c >= asciiEnd {
			return x.re.Match(text)
		}
		next := s.next[c]
		if next == nil {
			if next = x.step(s, c); next == nil {
				return x.re.Match(text)
			}
		}
		if next == matches {
			return true
		}
		s = next
	}
	if s.end == nil {
		s.end = fails
		if x.reach(s.from, atEnd(s.after)) {
			s.end = matches
		}
	}
	return s.end == matches
}

// step makes the state after a byte; nil if there are too many.
func (x *Expression) step(s *state, c byte) *state {
	if len(x.states) >= maxStates {
		if x.resets++; x.resets > maxResets {
			x.prog, x.states, x.begin = nil, nil, nil
			return nil
		}
		x.reset()
	}
	next := matches
	if !x.reach(s.from, between(s.after, c)) {
		var from []uint32
		for _, pc := range x.set {
			if in := &x.prog.Inst[pc]; in.MatchRune(rune(c)) && !slices.Contains(from, in.Out) {
				from = append(from, in.Out)
			}
		}
		slices.Sort(from)
		next = x.state(from, contextOf(c))
	}
	s.next[c] = next
	return next
}

// state is the state with these instructions.
func (x *Expression) state(from []uint32, after context) *state {
	x.key = append(x.key[:0], byte(after))
	for _, pc := range from {
		x.key = binary.LittleEndian.AppendUint32(x.key, pc)
	}
	s := x.states[string(x.key)]
	if s == nil {
		s = &state{from: from, after: after}
		x.states[string(x.key)] = s
	}
	return s
}

// reach puts into x.set all instructions that match a byte next, from some and from the
// beginning of the expression, at a place of which the conditions hold. It reports
// whether the expression matches there already.
func (x *Expression) reach(from []uint32, holds syntax.EmptyOp) bool {
	clear(x.seen)
	x.set, x.stack = x.set[:0], append(append(x.stack[:0], uint32(x.prog.Start)), from...)
	for len(x.stack) > 0 {
		pc := x.stack[len(x.stack)-1]
		x.stack = x.stack[:len(x.stack)-1]
		if x.seen[pc] {
			continue
		}
		x.seen[pc] = true
		switch in := &x.prog.Inst[pc]; in.Op {
		case syntax.InstMatch:
			return true
		case syntax.InstAlt, syntax.InstAltMatch:
			x.stack = append(x.stack, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			x.stack = append(x.stack, in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^holds == 0 {
				x.stack = append(x.stack, in.Out)
			}
		case syntax.InstFail:
		default:
			x.set = append(x.set, pc)
		}
	}
	return false
}

func contextOf(c byte) context {
	switch {
	case c == '\n':
		return afterLine
	case syntax.IsWordChar(rune(c)):
		return afterWord
	}
	return afterOther
}

// rune is a character that tells the same of a place as the byte before it; -1 at the
// beginning.
func (c context) rune() rune {
	return [...]rune{atBegin: -1, afterLine: '\n', afterWord: 'a', afterOther: ' '}[c]
}

// between is which conditions hold before a byte, and atEnd, which hold at the end.
func between(after context, c byte) syntax.EmptyOp {
	return syntax.EmptyOpContext(after.rune(), rune(c))
}

func atEnd(after context) syntax.EmptyOp { return syntax.EmptyOpContext(after.rune(), -1) }
