package headless

import (
	"errors"
	"fmt"
	"regexp"
	"time"
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
