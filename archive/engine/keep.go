package engine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sluice/cluster/names"
)

// Keep says how long what is archived is kept, by stream: the first rule whose pattern
// matches a stream counts. Ages go by when a batch was stored. Without a rule that
// matches, a stream is kept until the archive is full.
type Keep []Rule

// Rule is how long streams are kept.
type Rule struct {
	Pattern names.Pattern
	Age     time.Duration // 0 without end
}

// MinAge is the shortest age of a rule.
const MinAge = time.Minute

// ParseRule reads a rule: "tenant/**=7d". Ages are days, or what time.ParseDuration
// takes, of a minute at least; "forever" has no end.
func ParseRule(text string) (Rule, error) {
	fail := func(err error) (Rule, error) {
		return Rule{}, fmt.Errorf("read rule %q: %w; write PATTERN=AGE, as in 'tenant/**=7d'", text, err)
	}
	at := strings.LastIndexByte(text, '=')
	if at < 0 {
		return fail(errors.New(`it has no "="`))
	}
	pattern, err := names.ParsePattern(text[:at])
	if err != nil {
		return fail(err)
	}
	age, err := parseAge(text[at+1:])
	if err != nil {
		return fail(err)
	}
	return Rule{pattern, age}, nil
}

func parseAge(text string) (time.Duration, error) {
	if text == "forever" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil || !(n > 0 && n < 36500) {
			return 0, fmt.Errorf("%q is no number of days", text)
		}
		return checkAge(time.Duration(n * float64(24*time.Hour)))
	}
	age, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf(`%q is no age: give one such as 30d, 12h or "forever"`, text)
	}
	return checkAge(age)
}

func checkAge(age time.Duration) (time.Duration, error) {
	if age < MinAge {
		return 0, fmt.Errorf("an age of %v is below a minute", age)
	}
	return age.Round(time.Second), nil
}

// String is the rule as it is written.
func (r Rule) String() string {
	switch {
	case r.Age == 0:
		return r.Pattern.String() + "=forever"
	case r.Age%(24*time.Hour) == 0:
		return r.Pattern.String() + "=" + strconv.Itoa(int(r.Age/(24*time.Hour))) + "d"
	}
	return r.Pattern.String() + "=" + r.Age.String()
}

// Age is how long a stream is kept; 0 without end.
func (k Keep) Age(stream string) time.Duration {
	for _, r := range k {
		if r.Pattern.Match(stream) {
			return r.Age
		}
	}
	return 0
}

// String is the rules, as they are written, with blanks between.
func (k Keep) String() string {
	return strings.ReplaceAll(k.meta(), "\n", " ")
}

// meta is the rules as they are noted with LOGS: no name has a line break.
func (k Keep) meta() string {
	all := make([]string, len(k))
	for i, r := range k {
		all[i] = r.String()
	}
	return strings.Join(all, "\n")
}

// readKeep reads what meta writes; ok is false for anything else.
func readKeep(text string) (k Keep, ok bool) {
	if text == "" {
		return nil, true
	}
	for line := range strings.SplitSeq(text, "\n") {
		r, err := ParseRule(line)
		if err != nil {
			return nil, false
		}
		k = append(k, r)
	}
	return k, true
}

// longest is the age after which nothing is kept; 0 when there is none.
func (k Keep) longest() time.Duration {
	var age time.Duration
	for _, r := range k {
		if r.Age == 0 {
			return 0
		}
		age = max(age, r.Age)
		if r.Pattern.String() == "**" {
			return age
		}
	}
	return 0 // some stream may match no rule
}
