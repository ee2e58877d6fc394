package record

import (
	"encoding/json"
	"strconv"
	"time"

	"sluice/cluster/jsonscan"
)

// Record is a parsed record: bunyan's fields, or what the table of docs/records.md
// takes for them in records of other loggers. Its strings are decoded and not
// sanitised: pass them through [AppendSafe] before they are shown.
type Record struct {
	Time      time.Time // in UTC; zero when unknown
	Level     Level     // 0 when it has none, [Unknown] when it is not understood
	Name      string
	Hostname  string
	Component string
	Msg       string
	PID       int
	Fields    []Field // all other top-level fields but bunyan's v, in their order (req, res, err included)
	JSON      bool    // it was a JSON object
}

// Field is a top-level field. A field of bunyan's that holds another type than
// bunyan's, such as a msg that is an object, is an ordinary field, too.
type Field struct {
	Key   string          // decoded, not sanitised
	Value json.RawMessage // mostly a slice of the data that was parsed; not to be modified
}

// Parse reads a record. It never fails: what is no JSON object is a record
// whose Msg is data as text, with bad UTF-8 replaced by U+FFFD, and which has the
// time and the level that the text states. The fields of an object that a container
// printed come before docker's own.
func Parse(data []byte) Record {
	r, _ := parse(data)
	return r
}

// parse is Parse, and reports whether Msg is one, though it may be empty.
func parse(data []byte) (r Record, hasMsg bool) {
	r.JSON = true
	var seen set
	var last [keyComponent + 1][]byte
	c := jsonscan.Check(data)
	for {
		key, value, ok := c.Next()
		if !ok {
			break
		}
		if core := coreKey(key); core != keyOther {
			if last[core] == nil {
				// It holds its place in case that it must stay a field.
				r.Fields = append(r.Fields, Field{Key: string(coreNames[core])})
			}
			last[core] = value
			continue
		}
		k := jsonscan.Decode(key)
		if i := seen.find(r.Fields, k); i >= 0 {
			r.Fields[i].Value = value
			continue
		}
		r.Fields = append(r.Fields, Field{Key: k, Value: value})
	}
	if !c.Valid() {
		return parseText(data), true
	}
	kept := r.Fields[:0]
	for _, f := range r.Fields {
		if f.Value == nil {
			core := coreKey([]byte(f.Key))
			if r.take(core, last[core]) {
				continue
			}
			f.Value = last[core]
		}
		kept = append(kept, f)
	}
	r.Fields = kept
	hasMsg = isString(last[keyMsg])
	if r.Level == 0 || r.Time.IsZero() || !hasMsg {
		hasMsg = r.understand(data, hasMsg)
	}
	return r, hasMsg
}

var coreNames = [...]string{
	keyV: "v", keyPID: "pid", keyMsg: "msg", keyName: "name", keyTime: "time",
	keyLevel: "level", keyHostname: "hostname", keyComponent: "component",
}

// take puts a value where it belongs, unless it has the wrong type.
func (r *Record) take(key core, value []byte) bool {
	text := func(dst *string) bool {
		if value[0] != '"' {
			return false
		}
		*dst = jsonscan.Decode(value[1 : len(value)-1])
		return true
	}
	switch key {
	case keyV:
		_, ok := integer(value)
		return ok
	case keyPID:
		n, ok := integer(value)
		r.PID = int(n)
		return ok
	case keyMsg:
		return text(&r.Msg)
	case keyName:
		return text(&r.Name)
	case keyHostname:
		return text(&r.Hostname)
	case keyComponent:
		return text(&r.Component)
	case keyTime:
		sec, nsec, ok := timeOf(value)
		if ok {
			r.Time = time.Unix(sec, int64(nsec)).UTC()
		}
		return ok
	case keyLevel:
		r.Level = levelAlone(value)
		return r.Level != 0
	}
	return false
}

// set finds fields by key: by looking at each while they are few, so that a
// hostile record with very many costs no more than its size.
type set map[string]int

const fewFields = 16

func (s *set) find(fields []Field, key string) int {
	if len(fields) < fewFields {
		for i := range fields {
			if fields[i].Key == key {
				return i
			}
		}
		return -1
	}
	if *s == nil {
		*s = make(set, 2*len(fields))
		for i := range fields {
			(*s)[fields[i].Key] = i
		}
	}
	if i, ok := (*s)[key]; ok {
		return i
	}
	(*s)[key] = len(fields) // where the caller puts it
	return -1
}

// Field returns the value at path: a top-level key, such as "tenant", or keys
// joined by dots, such as "req.method"; bunyan's own fields included, the
// level as its name. Strings are decoded and not sanitised; any other value is
// its JSON.
func (r *Record) Field(path string) (string, bool) {
	switch path {
	case "name":
		if r.Name != "" {
			return r.Name, true
		}
	case "hostname":
		if r.Hostname != "" {
			return r.Hostname, true
		}
	case "component":
		if r.Component != "" {
			return r.Component, true
		}
	case "msg":
		if r.Msg != "" {
			return r.Msg, true
		}
	case "level":
		if r.Level != 0 {
			return r.Level.String(), true
		}
	case "time":
		if !r.Time.IsZero() {
			return r.Time.Format(timeLayout), true
		}
	case "pid":
		if r.PID != 0 {
			return strconv.Itoa(r.PID), true
		}
	}
	for i := range r.Fields {
		key := r.Fields[i].Key
		if path == key {
			return jsonscan.Text(r.Fields[i].Value), true
		}
	}
	for i := range r.Fields {
		key := r.Fields[i].Key
		if len(path) > len(key) && path[len(key)] == '.' && path[:len(key)] == key {
			if v, ok := jsonscan.Descend(r.Fields[i].Value, path[len(key)+1:]); ok {
				return jsonscan.Text(v), true
			}
		}
	}
	return "", false
}
