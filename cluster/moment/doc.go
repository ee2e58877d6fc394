// Package moment reads times as people write them: on the command line, and in
// the client's prompt.
//
// # Grammar
//
// A moment is one of
//
//	2026-03-01T14:05:00Z        a time, its zone, seconds or time of day left out
//	14:05   14:05:30.5          a time of day
//	mon   mon 14:00   friday    a day of the week, at midnight or at a time of day
//	Mar 4   03-04 14:05         a day of a year that is not said
//	today   yesterday 14:05     the person's own days, tomorrow too
//	-2h   2h   -1d12h           so long before the newest record, or before now
//	+5m                         so long after a place
//
// A date is also written 2026/03/01, 20260301, 1 Mar 2026 and as in file names of
// recordings (20260301T140500Z). Decimals follow a point or a comma. What has no zone
// (Z, UTC, +01:00) is in that of the [Frame]. Letters may be of any case. A day is 24
// hours in a span of time, and what the calendar says elsewhere.
//
// # Contract
//
// [Parse] takes any input, in time proportional to it, and refuses what is longer
// than 64 bytes. What a [Moment] is relative to is said later, by a [Frame]. Where
// a clock is set forward, a time that it skips is so much later; where it is set
// back, a time that comes twice is the one that the Frame is nearer to, and the
// earlier one in a date. Years are 1 to 9999. Values are immutable and may be used
// by any goroutine.
package moment
