package query

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// measure is what kind of value a unit belongs to.
type quantity uint8

const (
	number   quantity = iota // without a unit
	duration                 // in nanoseconds
	size                     // in bytes
)

func (q quantity) String() string { return [...]string{"number", "time", "size"}[q] }

// unit is a unit of values: what it measures, and how much it is.
type unit struct {
	of    quantity
	worth float64
}

// valueUnits are the units behind values.
var valueUnits = map[string]unit{
	"ns": {duration, 1}, "us": {duration, 1e3}, "µs": {duration, 1e3}, "μs": {duration, 1e3}, "ms": {duration, 1e6},
	"s": {duration, 1e9}, "sec": {duration, 1e9}, "m": {duration, 60e9}, "min": {duration, 60e9}, "h": {duration, 3600e9}, "d": {duration, 86400e9},
	"B": {size, 1}, "kB": {size, 1e3}, "KB": {size, 1e3}, "MB": {size, 1e6}, "GB": {size, 1e9}, "TB": {size, 1e12},
	"k": {size, 1e3}, "K": {size, 1e3}, "M": {size, 1e6}, "G": {size, 1e9}, "T": {size, 1e12},
	"KiB": {size, 1 << 10}, "MiB": {size, 1 << 20}, "GiB": {size, 1 << 30}, "TiB": {size, 1 << 40},
}

// fieldUnits are the words at the end of a field's name that say what its numbers are.
var fieldUnits = map[string]unit{
	"ns": {duration, 1}, "nanos": {duration, 1}, "nanoseconds": {duration, 1}, "nsec": {duration, 1},
	"us": {duration, 1e3}, "micros": {duration, 1e3}, "microseconds": {duration, 1e3}, "usec": {duration, 1e3},
	"ms": {duration, 1e6}, "millis": {duration, 1e6}, "milliseconds": {duration, 1e6}, "msec": {duration, 1e6},
	"s": {duration, 1e9}, "sec": {duration, 1e9}, "secs": {duration, 1e9}, "seconds": {duration, 1e9},
	"min": {duration, 60e9}, "mins": {duration, 60e9}, "minutes": {duration, 60e9}, "hours": {duration, 3600e9},
	"b": {size, 1}, "byte": {size, 1}, "bytes": {size, 1}, "kb": {size, 1e3}, "mb": {size, 1e6}, "gb": {size, 1e9},
	"kib": {size, 1 << 10}, "mib": {size, 1 << 20}, "gib": {size, 1 << 30},
}

// Numbers without a unit, in fields whose names say none: milliseconds, as loggers of
// Node write latencies, and bytes.
var usualUnits = [...]unit{duration: {duration, 1e6}, size: {size, 1}}

// fieldUnit is the unit of a field's numbers, if its name says so: latency_ms, sizeBytes.
func fieldUnit(field string) (unit, bool) {
	key := field[strings.LastIndexByte(field, '.')+1:]
	if u, ok := fieldUnits[key]; ok {
		return u, true
	}
	last := len(key)
	for last > 0 {
		r, n := utf8.DecodeLastRuneInString(key[:last])
		if r == '_' || r == '-' {
			break
		}
		last -= n
		if unicode.IsUpper(r) && last > 0 {
			if before, _ := utf8.DecodeLastRuneInString(key[:last]); !unicode.IsUpper(before) {
				break
			}
		}
	}
	if last == 0 {
		return unit{}, false
	}
	u, ok := fieldUnits[strings.ToLower(key[last:])]
	return u, ok
}

// measured reads a value with a unit, as 1.5s, and refuses what looks like one and is none.
func (p *parser) measured(t *Term, at int) error {
	n, u, unknown := quantityOf(t.value)
	if unknown != "" {
		if t.op == opEqual {
			return nil // 4xx, 3rd
		}
		return p.fail(at, `%s is no unit: ns us ms s m h d for times, B kB MB GB KiB MiB GiB for sizes; write "%s" to compare as text`, unknown, t.value)
	}
	if u == number {
		return nil
	}
	if of, ok := fieldUnit(t.Field); ok && of.of != u {
		return p.fail(at, "%s is a %s by its name, and %s is a %s", t.Field, of.of, t.value, u)
	} else if ok {
		t.scale = of.worth
	} else {
		t.scale = usualUnits[u].worth
	}
	t.number, t.quantity = n, u
	return nil
}

// quantityOf reads a number and a unit, or several for a time, as 1m30s. What has no
// number before letters is none; unknown is a unit that is not known.
func quantityOf(text string) (n float64, of quantity, unknown string) {
	rest, sign := text, 1.0
	if strings.HasPrefix(rest, "-") {
		rest, sign = rest[1:], -1
	}
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789."))
		v, err := strconv.ParseFloat(rest[:digits], 64)
		if err != nil || math.IsInf(v, 0) {
			return 0, number, ""
		}
		rest = strings.TrimPrefix(rest[digits:], " ")
		letters := len(rest) - len(strings.TrimLeftFunc(rest, unicode.IsLetter))
		if letters == 0 {
			return 0, number, ""
		}
		u, ok := valueUnits[rest[:letters]]
		if !ok {
			if len(rest) > letters {
				return 0, number, "" // an id, a version
			}
			return 0, number, rest[:letters]
		}
		if of != number && (u.of != of || of == size) {
			return 0, number, ""
		}
		n, of, rest = n+v*u.worth, u.of, rest[letters:]
	}
	return sign * n, of, ""
}

// compareQuantity compares a value of JSON with a quantity: a text with a unit, or a
// number in the field's unit. Others do not compare.
func (t *Term) compareQuantity(value string) bool {
	if n, of, _ := quantityOf(strings.TrimSpace(value)); of != number {
		return of == t.quantity && t.compareNumber(n)
	}
	n, err := strconv.ParseFloat(value, 64)
	return err == nil && t.compareNumber(n*t.scale)
}
