package query

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// The bounds of a regular expression. Compiled, it takes 40 bytes an instruction, and at
// most 10 to 20 ns for each instruction and byte of a record.
const (
	MaxInstructions = 1000
	maxRunes        = 1 << 14 // ends of ranges in all its classes
	maxTables       = 8       // classes of Unicode, as \pL, whose ranges are copied for each
	maxFolded       = 4       // ranges beyond ASCII of which case is ignored: each takes milliseconds
)

// ignoresCase finds where an expression may begin to ignore case.
var ignoresCase = regexp.MustCompile(`\(\?[a-zA-Z]*i`)

// Expression is a regular expression that anybody may bring, since what it costs is
// bounded: see [Compile] and [Expression.MatchUntil]. It never changes.
type Expression struct {
	source string
	re     *regexp.Regexp
	size   int // instructions
}

// Compile compiles a regular expression (RE2), of MaxInstructions at most. The error
// says what is wrong with it, and not which expression it is.
func Compile(source string) (*Expression, error) {
	size, err := measure(source)
	if err != nil {
		return nil, err
	}
	re, err := compileSmall(source)
	if err != nil {
		return nil, fmt.Errorf("%s", reason(err)) // not reached: it was parsed
	}
	return &Expression{source: source, re: re, size: size}, nil
}

// compileSmall compiles an expression. For one that begins with ^ and ends with $ package
// regexp may make tables that grow with the square of its alternatives, 700 KB of 1 KB:
// for one that begins with parentheses it makes none.
func compileSmall(source string) (*regexp.Regexp, error) {
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(tree.Simplify())
	if err == nil && program.StartCond()&syntax.EmptyBeginText != 0 {
		source = "()" + source
	}
	return regexp.Compile(source)
}

func (e *Expression) String() string { return e.source }

// Instructions is how many it has.
func (e *Expression) Instructions() int { return e.size }

// Match reports whether the expression matches data, however long that takes.
func (e *Expression) Match(data []byte) bool { return e.re.Match(data) }

// MatchUntil is Match, but ends when d does, and reports false then: see
// [Deadline.Passed].
func (e *Expression) MatchUntil(data []byte, d *Deadline) bool {
	return matchUntil(e.re, e.size, data, d)
}

// measure is how many instructions an expression compiles to. What is far too large is
// refused before it is made: ((a{10}){10}){10} and the like are short.
func measure(source string) (instructions int, err error) {
	if err := checkClasses(source); err != nil {
		return 0, err
	}
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return 0, fmt.Errorf("%s", reason(err))
	}
	if n := estimate(tree); n > 4*MaxInstructions {
		return 0, tooLarge(fmt.Sprintf("about %d", n))
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return 0, fmt.Errorf("%s", reason(err))
	}
	if n := len(program.Inst); n > MaxInstructions {
		return 0, tooLarge(fmt.Sprint(n))
	}
	runes := 0
	for i := range program.Inst {
		runes += len(program.Inst[i].Rune)
	}
	if runes > maxRunes {
		return 0, fmt.Errorf("its classes have %d ranges in all, and %d is the most: use fewer classes as \\pL, and do not repeat them", runes/2, maxRunes/2)
	}
	return len(program.Inst), nil
}

func tooLarge(n string) error {
	return fmt.Errorf("it compiles to %s instructions, and %d is the most: repeat less, as in a{0,9} for a{0,900}, or look for a part of it", n, MaxInstructions)
}

// checkClasses bounds what parsing alone would take.
func checkClasses(source string) error {
	tables := strings.Count(source, `\p`) + strings.Count(source, `\P`)
	if tables > maxTables {
		return fmt.Errorf("it has %d classes of Unicode, as \\pL, and %d is the most: join them in one class, or use \\w", tables, maxTables)
	}
	folded := 0
	for rest := source; ; {
		i := strings.IndexByte(rest, '-')
		if i < 0 || i+1 >= len(rest) {
			break
		}
		rest = rest[i+1:]
		if rest[0] >= utf8.RuneSelf || len(rest) > 1 && rest[0] == '\\' && (rest[1] == 'x' || '0' <= rest[1] && rest[1] <= '9') {
			folded++ // most likely the end of a range
		}
	}
	if folded > maxFolded && ignoresCase.MatchString(source) {
		return fmt.Errorf("it has %d ranges beyond ASCII, and %d is the most: use a class as \\pL", folded, maxFolded)
	}
	return nil
}

// estimate is about how many instructions a tree compiles to, counted without making
// them.
func estimate(re *syntax.Regexp) (n int) {
	const enough = 1 << 30
	switch re.Op {
	case syntax.OpLiteral:
		return max(len(re.Rune), 1)
	case syntax.OpCapture, syntax.OpStar:
		return 2 + estimate(re.Sub[0])
	case syntax.OpPlus, syntax.OpQuest:
		return 1 + estimate(re.Sub[0])
	case syntax.OpConcat, syntax.OpAlternate:
		for _, sub := range re.Sub {
			n = min(n+1+estimate(sub), enough)
		}
		return n
	case syntax.OpRepeat:
		times := max(re.Max, re.Min+1)
		return min(times*(1+estimate(re.Sub[0])), enough)
	}
	return 1
}
