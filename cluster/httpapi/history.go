package httpapi

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"sluice/cluster/loss"
)

// HeaderHistory asks for a part of a stream's history alone: see [History]. The answer has
// events as those of a tail, and ends with an end event.
const HeaderHistory = "Sluice-History"

// History is a part of a stream's history, as [HeaderHistory] asks for it.
type History struct {
	From, To time.Time // of the records; zero is no bound
	Last     int       // so many of the newest; 0 all

	// After begins at a consolidator with this position, and Before ends there before this
	// one. With Named nothing comes of those that After does not name.
	After, Before map[string]loss.Position
	Named         bool
	// Later are epochs that are known to be later than that of Before, by consolidator.
	Later map[string][]uint64

	// Counts, if not 0, wants no records, but how many there are by time, in so many columns
	// at most, between two times, or of all: a counts event, whose data are stream.Counts.
	Counts               int
	CountsFrom, CountsTo time.Time
}

// EndHistory is the reason of the end event when all has come. Any other says why not.
const EndHistory = "that is all"

// MaxHistory bounds History.Last, and MaxCounts History.Counts.
const (
	MaxHistory = 100_000
	MaxCounts  = 2000
)

// Names of what it consists of.
const (
	historyFrom   = "from"
	historyTo     = "to"
	historyLast   = "last"
	historyAfter  = "after"
	historyBefore = "before"
	historyNamed  = "named"
	historyCounts = "counts"
	historyLater  = "later"
	countsFrom    = "counts-from"
	countsTo      = "counts-to"
)

// maxLater bounds the epochs in History.Later: a header is of a few KiB.
const maxLater = 100

// Text is the value of the header.
func (h *History) Text() string {
	v := url.Values{}
	for name, at := range map[string]time.Time{historyFrom: h.From, historyTo: h.To, countsFrom: h.CountsFrom, countsTo: h.CountsTo} {
		if !at.IsZero() {
			v.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	for name, positions := range map[string]map[string]loss.Position{historyAfter: h.After, historyBefore: h.Before} {
		if len(positions) > 0 {
			v.Set(name, FormatPositions(positions))
		}
	}
	if h.Named {
		v.Set(historyNamed, "1")
	}
	if h.Counts > 0 {
		v.Set(historyCounts, strconv.Itoa(h.Counts))
	}
	for consolidator, epochs := range h.Later {
		for _, epoch := range epochs {
			if len(v[historyLater]) < maxLater {
				v.Add(historyLater, FormatPositions(map[string]loss.Position{consolidator: {Epoch: epoch}}))
			}
		}
	}
	v.Set(historyLast, strconv.Itoa(h.Last))
	return v.Encode()
}

// ParseHistory reads the value of the header.
func ParseHistory(text string) (h History, err error) {
	v, err := url.ParseQuery(text)
	if err != nil {
		return h, fmt.Errorf("read %s: %w", HeaderHistory, err)
	}
	for name, at := range map[string]*time.Time{historyFrom: &h.From, historyTo: &h.To, countsFrom: &h.CountsFrom, countsTo: &h.CountsTo} {
		if s := v.Get(name); s != "" {
			if *at, err = time.Parse(time.RFC3339Nano, s); err != nil {
				return h, fmt.Errorf("read %s: %s=%.40q is no time", HeaderHistory, name, s)
			}
		}
	}
	for name, positions := range map[string]*map[string]loss.Position{historyAfter: &h.After, historyBefore: &h.Before} {
		if s := v.Get(name); s != "" {
			if *positions, err = ParsePositions(s); err != nil {
				return h, fmt.Errorf("read %s: %w", HeaderHistory, err)
			}
		}
	}
	if len(v[historyLater]) > maxLater {
		return h, fmt.Errorf("read %s: %d epochs are later: there may be %d", HeaderHistory, len(v[historyLater]), maxLater)
	}
	for _, s := range v[historyLater] {
		one, err := ParsePositions(s)
		if err != nil {
			return h, fmt.Errorf("read %s: %w", HeaderHistory, err)
		}
		for consolidator, at := range one {
			if h.Later == nil {
				h.Later = make(map[string][]uint64)
			}
			h.Later[consolidator] = append(h.Later[consolidator], at.Epoch)
		}
	}
	if h.Last, err = strconv.Atoi(v.Get(historyLast)); err != nil || h.Last < 0 || h.Last > MaxHistory {
		return h, fmt.Errorf("read %s: last=%.40q is no number up to %d", HeaderHistory, v.Get(historyLast), MaxHistory)
	}
	if s := v.Get(historyCounts); s != "" {
		if h.Counts, err = strconv.Atoi(s); err != nil || h.Counts < 1 || h.Counts > MaxCounts {
			return h, fmt.Errorf("read %s: counts=%.40q is no number from 1 to %d", HeaderHistory, s, MaxCounts)
		}
	}
	backwards := func(from, to time.Time) bool { return !from.IsZero() && !to.IsZero() && to.Before(from) }
	if backwards(h.From, h.To) || backwards(h.CountsFrom, h.CountsTo) {
		return h, errors.New("read " + HeaderHistory + ": the time at which it ends is before that at which it begins")
	}
	h.Named = v.Get(historyNamed) == "1"
	return h, nil
}
