package record

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"sluice/cluster/jsonscan"
)

// parseText reads a record that is no JSON object.
func parseText(data []byte) Record {
	r := Record{Msg: strings.ToValidUTF8(string(data), "\ufffd")}
	h := readText(data)
	r.Level = h.level
	if h.timed {
		r.Time = time.Unix(h.sec, int64(h.nsec)).UTC()
	}
	return r
}

// understand takes what the record lacks of bunyan's fields from those that the
// table knows, and reports whether it has a message then.
func (r *Record) understand(data []byte, hasMsg bool) bool {
	var from reading
	from.read(data)
	var taken []*byte
	take := func(c *candidate) {
		if c.top {
			taken = append(taken, &c.value[0])
		}
	}
	if r.Level == 0 {
		level, c := from.level()
		if r.Level = level; c != nil {
			take(c)
		}
	}
	if r.Time.IsZero() {
		if sec, nsec, c := from.time(); c != nil {
			r.Time = time.Unix(sec, int64(nsec)).UTC()
			take(c)
		}
	}
	if printed := from.printed(); printed != nil && !hasMsg {
		hasMsg = r.print(printed)
		take(from.message())
	} else if c := from.message(); c != nil && !hasMsg {
		hasMsg = true
		if c.value[0] == '[' {
			r.Msg = strings.ToValidUTF8(string(appendBytes(nil, c.value)), "\ufffd")
		} else {
			r.Msg = jsonscan.Decode(c.value[1 : len(c.value)-1])
		}
		take(c)
	}
	for _, text := range []struct {
		role role
		dst  *string
	}{{roleName, &r.Name}, {roleHostname, &r.Hostname}} {
		if c := from.text(text.role); c != nil && *text.dst == "" {
			*text.dst = jsonscan.Decode(c.value[1 : len(c.value)-1])
			take(c)
		}
	}
	if r.PID == 0 {
		for i := range from.of(rolePID) {
			c := &from.all[rolePID][i]
			if digits := digitsOf(c.value); digits != nil {
				n, _ := integer(digits)
				r.PID = int(n)
				take(c)
				break
			}
		}
	}
	if len(taken) > 0 {
		r.Fields = slices.DeleteFunc(r.Fields, func(f Field) bool { return slices.Contains(taken, &f.Value[0]) })
	}
	return hasMsg
}

// print takes what a container printed as the record, as far as docker's own fields
// do not say it, and reports whether that has a message.
func (r *Record) print(text []byte) bool {
	p, hasMsg := parse(text)
	r.Msg, r.Component = p.Msg, p.Component
	if r.Level == 0 {
		r.Level = p.Level
	}
	if r.Time.IsZero() {
		r.Time = p.Time
	}
	if r.Name == "" {
		r.Name = p.Name
	}
	if r.Hostname == "" {
		r.Hostname = p.Hostname
	}
	if r.PID == 0 {
		r.PID = p.PID
	}
	r.Fields = append(p.Fields, r.Fields...)
	return hasMsg
}

// IsError reports whether a field of this name is an error or its stack, as bunyan
// or another logger has it.
func IsError(key string) bool {
	p, ok := placeOf("", []byte(key))
	return ok && p.at >= 0 && table[p.at].role == roleErr
}

// Lookup is [jsonscan.Lookup], and looks at what a container printed too, if that is
// an object and the record itself has nothing at the path.
func Lookup(data []byte, path string) (value []byte, ok bool) {
	if value, ok = jsonscan.Lookup(data, path); ok || !bytes.Contains(data, []byte(`"log"`)) {
		return value, ok
	}
	var r reading
	r.read(data)
	if text := r.printed(); text != nil && jsonscan.ValidObject(text) {
		return Lookup(text, path)
	}
	return nil, false
}
