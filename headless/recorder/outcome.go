package recorder

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// ErrNotMet says that For ran out before Count or Until was met.
var ErrNotMet = errors.New("time ran out")

// ErrEnded says that the source ended before Count or Until was met, as the
// replay of a recording does.
var ErrEnded = errors.New("the records came to an end")

// ErrNotHad says that For ran out while there was no stream: no source was
// ever connected, or those that were are lost and were not had again.
var ErrNotHad = errors.New("no source is connected")

// noMatch says that For ran out and no stream had come that is recorded. It is an
// [ErrNotHad], but that sources are connected.
type noMatch struct {
	patterns []string
	in       time.Duration
}

func (e *noMatch) Error() string {
	return fmt.Sprintf("no live stream matched %s in %s: list them with \"sluice streams\"", record.Safe(strings.Join(e.patterns, ", ")), e.in)
}

func (e *noMatch) Is(target error) bool { return target == ErrNotHad }

// had reports whether records can come. What a proxy says of consolidators
// counts as long as the proxy itself is connected.
func had(sources []stream.Status) bool {
	proxies, consolidators, connected := 0, 0, 0
	for _, s := range sources {
		switch {
		case s.Proxy && !s.State.Connected():
			return false
		case s.Proxy:
			proxies++
		default:
			consolidators++
			if s.State.Connected() {
				connected++
			}
		}
	}
	return connected > 0 || (proxies > 0 && consolidators == 0)
}

// notHad says which sources there are not.
func notHad(sources []stream.Status) error {
	var b strings.Builder
	for i, s := range sources {
		if i == maxTold {
			fmt.Fprintf(&b, ", and %d more", len(sources)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if s.State.Connected() {
			fmt.Fprintf(&b, "%s is %s", record.Safe(s.Name), s.State)
			continue
		}
		b.WriteString(record.Safe(s.Name))
		if s.State == stream.StateLost {
			b.WriteString(" was lost")
		} else {
			b.WriteString(" was never had")
		}
		if s.Err != "" {
			fmt.Fprintf(&b, " (%s)", record.Safe(s.Err))
		}
	}
	if b.Len() == 0 {
		return fmt.Errorf("%w: there is none; start one, or name another", ErrNotHad)
	}
	return fmt.Errorf("%w: %s; start it, or name another", ErrNotHad, b.String())
}

// maxTold is how many sources an error names.
const maxTold = 5
