package headless

import (
	"errors"
	"fmt"
	"strings"

	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// ErrMet ends what has all that was asked for.
var ErrMet = errors.New("met")

// ErrNotMet means that the time ran out before Count or Until was met.
var ErrNotMet = errors.New("time ran out")

// ErrEnded means that the source ended before Count or Until was met, as the
// replay of a recording does.
var ErrEnded = errors.New("the records came to an end")

// ErrNotConnected means that the time ran out while there was no stream: no source
// was ever connected, or those that were are lost and did not come back.
var ErrNotConnected = errors.New("no source is connected")

// Connected reports whether records can come. What a proxy reports of consolidators
// counts as long as the proxy itself is connected.
func Connected(sources []stream.Status) bool {
	proxies, consolidators, connected := 0, 0, 0
	for _, s := range sources {
		switch {
		case s.Finder, s.Archive:
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

// notConnected is an [ErrNotConnected] that names the sources.
func notConnected(sources []stream.Status) error {
	var b strings.Builder
	for i, s := range sources {
		if i == maxNamed {
			fmt.Fprintf(&b, ", and %d more", len(sources)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if s.Finder {
			b.WriteString(record.Safe(s.FinderText()))
			continue
		}
		if s.State.Connected() {
			fmt.Fprintf(&b, "%s is %s", record.Safe(s.Name), s.State)
			continue
		}
		b.WriteString(record.Safe(s.Name))
		if s.State == stream.StateLost {
			b.WriteString(" was lost")
		} else {
			b.WriteString(" was never reached")
		}
		if s.Err != "" {
			fmt.Fprintf(&b, " (%s)", record.Safe(s.Err))
		}
	}
	if b.Len() == 0 {
		return fmt.Errorf("%w: there is none; start one, or name another", ErrNotConnected)
	}
	return fmt.Errorf("%w: %s; %s", ErrNotConnected, b.String(), whatNext(sources))
}

// whatNext says what to do about sources that are not connected. A proxy that refuses
// the token runs well.
func whatNext(sources []stream.Status) string {
	for _, s := range sources {
		switch {
		case s.State.Connected():
		case answered(s.Err, "401 "):
			return "give a token that is valid, with --token-file: `sluice token inspect` tells what one is"
		case answered(s.Err, "403 "):
			return "ask for a stream that the token names, or for another token: `sluice token inspect` tells what one names"
		}
	}
	return "start it, or name another"
}

// answered reports whether an error has an answer that begins with this status: by
// itself, or behind what was asked for.
func answered(text, status string) bool {
	return strings.HasPrefix(text, status) || strings.Contains(text, ": "+status)
}

// maxNamed is how many sources an error names.
const maxNamed = 5
