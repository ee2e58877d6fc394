package loss

import (
	"strconv"

	"sluice/cluster/record"
)

// Text is what was lost, of which stream, where and why, sanitised: "1,203
// records of tenant/acme lost at the consolidator vm-1: reader too slow".
func (l *Loss) Text() string {
	text := record.Plural(l.Count, "record")
	switch {
	case l.Unknown && l.Count > 0:
		text += " and an unknown number more"
	case l.Unknown:
		text = "an unknown number of records"
	}
	text += " of " + record.Safe(l.Stream) + " lost"
	switch l.Hop {
	case "":
	case AtNetwork:
		text += " on the way"
		if l.Source != "" {
			text += " from " + record.Safe(l.Source)
		}
	default:
		text += " at the " + record.Safe(l.Hop)
		if l.Source != "" {
			text += " " + record.Safe(l.Source)
		}
	}
	if l.Reason != "" {
		text += ": " + record.Safe(l.Reason)
	}
	return text
}

// Number is how many records were lost, where there is room for little more than a
// number: "1,203", "unknown", "1,203 + unknown". unknown: and a number that cannot be
// known, which is never shown as 0.
func Number(count uint64, unknown bool) string {
	switch {
	case unknown && count == 0:
		return "unknown"
	case unknown:
		return record.Count(count) + " + unknown"
	}
	return record.Count(count)
}

// Summary is Number with what became of the records: "1,203 dropped", "dropped:
// unknown", "dropped: 1,203 + unknown".
func Summary(count uint64, unknown bool, became string) string {
	if unknown {
		return became + ": " + Number(count, unknown)
	}
	return Number(count, unknown) + " " + became
}

// Field is Number for scripts, without blanks: "1203", "unknown", "1203+unknown".
func Field(count uint64, unknown bool) string {
	switch {
	case unknown && count == 0:
		return "unknown"
	case unknown:
		return strconv.FormatUint(count, 10) + "+unknown"
	}
	return strconv.FormatUint(count, 10)
}

// AppendBrief appends what was lost, where and why, for a line that shows the stream
// already, sanitised: "1,203 records lost at vm-1 (consolidator): reader too slow".
// Names and reasons are passed through shorten first.
func (l *Loss) AppendBrief(dst []byte, shorten func(string) string) []byte {
	switch {
	case l.Unknown && l.Count == 0:
		dst = append(dst, "an unknown number of records lost"...)
	case l.Unknown:
		dst = append(dst, record.Count(l.Count)...)
		dst = append(dst, " records lost, and an unknown number more"...)
	default:
		dst = append(dst, record.Plural(l.Count, "record")...)
		dst = append(dst, " lost"...)
	}
	where := l.Hop
	if l.Source != "" && where != "" {
		where = l.Source + " (" + where + ")"
	} else if l.Source != "" {
		where = l.Source
	}
	if where != "" {
		dst = append(dst, " at "...)
		dst = record.AppendSafe(dst, shorten(where))
	}
	if l.Reason != "" {
		dst = append(dst, ": "...)
		dst = record.AppendSafe(dst, shorten(l.Reason))
	}
	return dst
}
