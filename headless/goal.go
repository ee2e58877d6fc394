package headless

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"sluice/cluster/record"
)

// Goal is what ends an [Intake], besides its context. Zeros never do.
type Goal struct {
	Count int            // so many records were taken
	Until *regexp.Regexp // a record was taken whose JSON matches
	After time.Duration  // go on for so long after Count or Until was met
	For   time.Duration  // so much time passed since Run began
}

// Check reports what is wrong with a Goal.
func (g *Goal) Check() error {
	switch {
	case g.Count < 0:
		return fmt.Errorf("count %d is negative", g.Count)
	case g.For < 0:
		return fmt.Errorf("time to record %s is negative", g.For)
	case g.After < 0:
		return fmt.Errorf("time to go on %s is negative", g.After)
	case g.After > 0 && g.Count == 0 && g.Until == nil:
		return errors.New("time to go on goes with --count or --until: give one of them, or --for")
	}
	return nil
}

// Taken counts a record, whose line is given as JSON, and returns [ErrMet] if it
// is the last one.
func (in *Intake) Taken(line []byte) error {
	in.taken++
	if in.Met() {
		return nil
	}
	if !(in.goal.Count > 0 && in.taken >= uint64(in.goal.Count)) && !(in.goal.Until != nil && in.goal.Until.Match(line)) {
		return nil
	}
	if in.goal.After == 0 {
		return ErrMet
	}
	in.ends = time.Now().Add(in.goal.After)
	return nil
}

// Matches reports whether Taken looks into the line.
func (in *Intake) Matches() bool { return in.goal.Until != nil && !in.Met() }

// Met reports whether Count or Until was met, and Goal.After runs.
func (in *Intake) Met() bool { return !in.ends.IsZero() }

// Ended is what it means that the source has no more: [ErrEnded] if more was
// asked for.
func (in *Intake) Ended() error {
	switch {
	case in.goal.Count > 0:
		return fmt.Errorf("%w: there were %d of %d", ErrEnded, in.taken, in.goal.Count)
	case in.goal.Until != nil:
		return fmt.Errorf("%w: none matched %q", ErrEnded, record.Safe(in.goal.Until.String()))
	}
	return nil
}

// Unmet is what it means that the time is over: [ErrNotMet] or [ErrNotConnected]
// if more was asked for.
func (in *Intake) Unmet() error {
	sources := in.source.Status()
	if !Connected(sources) {
		return notConnected(sources)
	}
	switch {
	case in.goal.Count > 0:
		return fmt.Errorf("%w: %d of %d records came in %s", ErrNotMet, in.taken, in.goal.Count, in.goal.For)
	case in.goal.Until != nil:
		return fmt.Errorf("%w: no record that matches %q came in %s", ErrNotMet, record.Safe(in.goal.Until.String()), in.goal.For)
	}
	return nil
}
