package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// pasts are the layouts of times; those without a zone are local.
var pasts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly}

// parsePast reads a time that is given as so long ago, in days or as Go writes
// durations, as "yesterday" or "today", which begin at midnight, or by itself.
func parsePast(text string, now time.Time) (time.Time, error) {
	midnight := func(daysAgo int) time.Time {
		y, m, d := now.Date()
		return time.Date(y, m, d-daysAgo, 0, 0, 0, 0, now.Location())
	}
	switch text {
	case "today":
		return midnight(0), nil
	case "yesterday":
		return midnight(1), nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 && n < 36500 {
			return now.Add(-time.Duration(n * float64(24*time.Hour))), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	for _, layout := range pasts {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: give one such as 24h, 7d, yesterday, 2026-03-01 or 2026-03-01T08:00:00Z", text)
}
