package record

import (
	"iter"

	"sluice/cluster/jsonscan"
)

// batch is the value of a field that holds records; nil when there is none.
type batch []byte

// records yields the records, as OpenTelemetry's collector writes them to a file, many a
// line: {"resourceLogs":[{"scopeLogs":[{"logRecords":[…]}]}]}, the names also with
// underscores.
func (b batch) records() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for resource := range jsonscan.Elements(b) {
			for scope := range listOf(resource, "scopeLogs", "scope_logs") {
				for data := range listOf(scope, "logRecords", "log_records") {
					if data[0] == '{' && !yield(data) {
						return
					}
				}
			}
		}
	}
}

// listOf yields the elements of the list that an object has under either name.
func listOf(object []byte, name, other string) iter.Seq[[]byte] {
	if object[0] != '{' {
		return none
	}
	list := jsonscan.Find(object, name)
	if list == nil {
		list = jsonscan.Find(object, other)
	}
	if list == nil {
		return none
	}
	return jsonscan.Elements(list)
}

func none(func([]byte) bool) {}

// worst reads the record of a batch that has the highest level, as [Level.AtLeast]
// orders them: one that is not understood is above all. It is the first of several; ok
// is false when there is none. The level is 0 when none has one.
func (b batch) worst() (worst reading, highest Level, ok bool) {
	for data := range b.records() {
		var r reading
		r.single(data)
		level, _ := r.level()
		if !ok || above(level, highest) {
			worst, highest, ok = r, level, true
		}
	}
	return worst, highest, ok
}

// above reports whether a level is above another one in a batch.
func above(level, other Level) bool {
	return other != Unknown && (level == Unknown || level > other)
}

// first reads the first record of a batch.
func (b batch) first() (r reading, ok bool) {
	for data := range b.records() {
		r.single(data)
		return r, true
	}
	return r, false
}

// single reads a record of a batch. None is a batch itself: each level would be
// scanned again.
func (r *reading) single(data []byte) {
	r.read(data)
	r.batch = nil
}

// attribute is the attribute of the first resource that is a record's name or its
// host, as a string; nil when there is none.
func (b batch) attribute(role role) []byte {
	key := ""
	switch role {
	case roleName:
		key = `"service.name"`
	case roleHostname:
		key = `"host.name"`
	default:
		return nil
	}
	for first := range jsonscan.Elements(b) {
		for attribute := range jsonscan.Elements(jsonscan.Find(jsonscan.Find(first, "resource"), "attributes")) {
			if string(jsonscan.Find(attribute, "key")) != key {
				continue
			}
			value := jsonscan.Find(attribute, "value")
			for _, name := range [...]string{"stringValue", "string_value"} {
				if s := jsonscan.Find(value, name); isString(s) {
					return s
				}
			}
		}
		break
	}
	return nil
}
