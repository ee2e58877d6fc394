package rowtext

import (
	"slices"

	"sluice/cluster/record"
	"sluice/tui/rows"
)

// Shared is a field that several records have with the same value: a row need not say
// it again. Value is JSON.
type Shared struct{ Key, Value string }

// String is the field as a row shows it, sanitised.
func (s Shared) String() string {
	return record.Safe(s.Key) + "=" + record.Safe(valueText([]byte(s.Value)))
}

// maxShared bounds a field that is shared, in bytes, and how many are looked at.
const (
	maxShared  = 64
	manyShared = 8
)

// Sharable returns what of a record other records may share: short fields with plain
// values that bunyan does not know, and that tell of no error.
func Sharable(e *rows.Entry, data []byte) []Shared {
	if e.Kind.Notice() {
		return nil
	}
	r := record.Parse(data[:min(len(data), DisplayLimit)])
	var all []Shared
	for _, f := range r.Fields {
		if len(all) == manyShared {
			break
		}
		if len(f.Value) == 0 || len(f.Key)+len(f.Value) > maxShared || f.Value[0] == '{' || f.Value[0] == '[' || record.IsError(f.Key) || f.Key == "err" {
			continue
		}
		all = append(all, Shared{f.Key, string(f.Value)})
	}
	return all
}

// Common returns what of some fields another record has, too.
func Common(fields, others []Shared) []Shared {
	return slices.DeleteFunc(slices.Clone(fields), func(s Shared) bool { return !slices.Contains(others, s) })
}

// Without is [Of] without fields that all rows share. all tells whether the record has
// each of them; a notice has.
func Without(shared []Shared, e *rows.Entry, data []byte, limit int) (t Text, all bool) {
	if len(shared) == 0 || e.Kind.Notice() {
		return Of(e, data, limit), true
	}
	seen := 0
	t = of(e, data, limit, func(f record.Field) bool {
		for i := range shared {
			if s := &shared[i]; s.Key == f.Key && s.Value == string(f.Value) {
				seen++
				return true
			}
		}
		return false
	})
	return t, seen >= len(shared)
}
