package rowtext

import (
	"bytes"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
	"sluice/tui/find"
	"sluice/tui/rows"
)

// maxQuickFields is how many fields a record may have for Quick.
const maxQuickFields = 24

// Quick appends what a row shows, the body and behind it the label, as [Of] makes
// them, and returns where the body ends. It does so for most records: printable ASCII
// in which nothing is escaped, of the usual form, and without requests, responses and
// errors, which rows sum up. Of others it reports false.
func Quick(dst []byte, e *rows.Entry, data []byte) (text []byte, body int, ok bool) {
	if e.Foreign || len(data) > OnScreen || !find.Printable(data) || !record.IsLine(data) {
		return dst, 0, false
	}
	var keys [maxQuickFields][]byte
	var values [maxQuickFields][]byte
	var msg, name, component []byte
	var seen [8]bool // of bunyan's own fields
	n := 0
	for key, value := range jsonscan.Members(data) {
		own := 0
		switch string(key) {
		case "v", "pid":
			if !isShortInteger(value) {
				return dst, 0, false
			}
			own = 1 + len(key)/3 // 1 and 2
		case "time":
			own = 3
		case "level":
			own = 4
		case "hostname", "name", "component", "msg":
			if value[0] != '"' {
				return dst, 0, false
			}
			s := value[1 : len(value)-1]
			switch string(key) {
			case "hostname":
				own = 5
			case "name":
				own, name = 6, s
			case "component":
				own, component = 7, s
			default:
				own, msg = 0, s
			}
			if string(key) == "msg" {
				if seen[0] {
					return dst, 0, false
				}
				seen[0] = true
				continue
			}
		case "req", "res", "err":
			return dst, 0, false
		default:
			if n == maxQuickFields || len(key)+len(value) > MaxValue {
				return dst, 0, false
			}
			for i := range n {
				if bytes.Equal(keys[i], key) {
					return dst, 0, false
				}
			}
			keys[n], values[n] = key, value
			n++
			continue
		}
		if seen[own] {
			return dst, 0, false // of a key that stands twice the last counts
		}
		seen[own] = true
	}
	if !seen[0] {
		return dst, 0, false // another field may be the message
	}
	dst = append(dst, msg...)
	for i := range n {
		if len(dst) > 0 {
			dst = append(dst, "  "...)
		}
		dst = append(dst, keys[i]...)
		dst = append(dst, '=')
		dst = append(dst, unquoted(values[i])...)
	}
	body = len(dst)
	dst = append(dst, name...)
	if len(component) > 0 {
		dst = append(dst, '/')
		dst = append(dst, component...)
	}
	return dst, body, true
}

// isShortInteger reports whether a value is a few digits.
func isShortInteger(value []byte) bool {
	if len(value) > 15 {
		return false
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
