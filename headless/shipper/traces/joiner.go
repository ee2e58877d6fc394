package traces

import "sluice/cluster/record"

// Verdict is what becomes of a line.
type Verdict uint8

// The verdicts.
const (
	Begins Verdict = iota // it begins a record, or, if it is blank, ends one
	Joins                 // it continues the record, and so do the lines that wait
	Waits                 // a later line will tell
)

// MaxWaiting is how many lines wait at most.
const MaxWaiting = 32

// Joiner decides which lines continue the record before them. The zero value has
// no record.
type Joiner struct {
	open    bool
	many    bool // the record has more than one line
	called  bool // it has a call
	settled bool // the next line may not wait
	at      state
	level   record.Level
	waiting int
}

// Open reports whether there is a record.
func (j *Joiner) Open() bool { return j.open }

// Level is the level that a trace has by its form; 0 when it has none, or is no
// trace.
func (j *Joiner) Level() record.Level { return j.level }

// Begin begins a record with a line that is not blank, and that states this level; 0
// when it states none.
func (j *Joiner) Begin(line []byte, level record.Level) {
	*j = Joiner{open: true}
	j.at, j.level = beginOf(line)
	if j.at == plain && level >= record.Error {
		j.at = failed
	}
}

// End ends the record. No line waits.
func (j *Joiner) End() { *j = Joiner{} }

// Settle is called when lines wait and none of the next ones is to decide about
// them: they are to be looked at anew, from the first on, which does not wait again.
func (j *Joiner) Settle() { j.at, j.waiting, j.settled = plain, 0, true }

// Next says what becomes of the next line; one without any bytes is blank. first is
// the beginning of the record. If the line Begins, or Waits and cannot be kept, then
// while others wait the caller calls Settle, hands on those again, and then this one.
func (j *Joiner) Next(line, first []byte) Verdict {
	if !j.open {
		return Begins
	}
	r := j.rule(line, first)
	full := j.settled || j.waiting == MaxWaiting
	j.settled = false
	verdict := Begins
	if r != nil {
		verdict = r.verdict
		if r.weak && j.waiting > 0 {
			verdict = Waits
		}
	}
	switch {
	case verdict == Begins || verdict == Waits && full:
		return Begins
	case verdict == Waits:
		j.at = r.to
		j.waiting++
		return Waits
	}
	j.at, j.waiting, j.many = r.to, 0, true
	if r.level != 0 {
		j.level = max(j.level, r.level)
	} else if r.frame && !j.called {
		j.called = true
		if j.level == 0 && namesThrown(first) {
			j.level = record.Error
		}
	}
	return Joins
}

// rule is the rule for a line; nil when there is none.
func (j *Joiner) rule(line, first []byte) *rule {
	p := &table[j.at]
	if len(line) == 0 {
		return p.blank
	}
	for i := range p.rules {
		if r := &p.rules[i]; r.admits(line, first) {
			return r
		}
	}
	if p.plain {
		for _, r := range plainRules[line[0]] {
			if r.admits(line, first) && (j.many || !r.inside) {
				return r
			}
		}
	}
	if p.otherwise != nil && p.otherwise.admits(line, first) {
		return p.otherwise
	}
	return nil
}

func (r *rule) admits(line, first []byte) bool {
	return r.line(line) && (r.first == nil || r.first(first))
}
