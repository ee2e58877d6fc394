package record

import (
	"sluice/cluster/jsonscan"
)

// maxCandidates is how many fields are considered for one role.
const maxCandidates = 4

// candidate is a field that may be what its role says.
type candidate struct {
	at    int8 // in the table
	top   bool // it is a member of the record itself, and of no object in it
	exact bool // its key is spelt as in the table
	value []byte
}

// reading is the fields of an object that the table knows, by their roles, each
// role in the order of preference.
type reading struct {
	form  form
	n     [roles]uint8
	all   [roles][maxCandidates]candidate
	batch batch     // the records in it, which say what it does not say itself
	found candidate // in the first of them
}

// read reads the fields of an object.
func (r *reading) read(object []byte) { r.members(object, "") }

func (r *reading) members(object []byte, parent string) {
	for key, value := range jsonscan.Members(object) {
		r.member(parent, key, value)
	}
}

// member takes one field.
func (r *reading) member(parent string, key, value []byte) {
	p, ok := placeOf(parent, key)
	if !ok {
		return
	}
	if p.parent && value[0] == '{' {
		r.within(parent, key, value)
	}
	if p.at < 0 {
		return
	}
	k := &table[p.at]
	if k.marks != 0 && (k.marks != formBunyan || isInteger(value)) {
		r.form |= k.marks
	}
	switch {
	case k.role != roleMark:
		r.add(k.role, candidate{p.at, parent == "", string(key) == k.name, value})
	case k.marks == formBatch && value[0] == '[':
		r.batch = value
	}
}

// within takes the fields of an object in the record.
func (r *reading) within(parent string, key, object []byte) {
	var buf [maxName + 1]byte
	name := append(appendFolded(append(buf[:0], parent...), key), '.')
	if len(name) <= maxName {
		r.members(object, nameOfParent(name))
	}
}

// nameOfParent is name as a string that need not be allocated.
func nameOfParent(name []byte) string {
	switch string(name) {
	case "log.":
		return "log."
	case "host.":
		return "host."
	case "error.":
		return "error."
	case "service.":
		return "service."
	case "process.":
		return "process."
	case "record.":
		return "record."
	case "fields.":
		return "fields."
	}
	return string(name)
}

// add adds a candidate at its place. Of one name the last counts, but one that is
// spelt otherwise than in the table counts only if none is spelt so; of too many
// candidates those of the best names count.
func (r *reading) add(to role, c candidate) {
	all := &r.all[to]
	n := int(r.n[to])
	i := n
	for i > 0 && all[i-1].at >= c.at {
		i--
	}
	switch {
	case i < n && all[i].at == c.at:
		if c.exact || !all[i].exact {
			all[i] = c
		}
		return
	case i == maxCandidates:
		return
	case n == maxCandidates:
		n--
	}
	copy(all[i+1:n+1], all[i:n])
	all[i] = c
	r.n[to] = uint8(n + 1)
}

// of are the candidates for a role.
func (r *reading) of(role role) []candidate { return r.all[role][:r.n[role]] }

// known reports whether a candidate's name is known in a record of this form.
func (r *reading) known(c *candidate) bool {
	when := table[c.at].when
	return when == 0 || r.form&when != 0
}

// level returns the first level that is understood, and the candidate that states it.
// When none is, the candidate is nil, and the level is [Unknown] if one was stated, Info
// in Serilog's form, which leaves that out, that of a batch's worst record, and 0
// otherwise.
func (r *reading) level() (level Level, from *candidate) {
	for i := range r.of(roleLevel) {
		c := &r.all[roleLevel][i]
		if !r.known(c) {
			continue
		}
		k := &table[c.at]
		if l, ok := levelAs(c.value, k.numbers, r.form); ok {
			return l, c
		}
		if !k.weak && states(c.value) {
			level = Unknown
		}
	}
	switch {
	case level != 0:
	case r.form&formSerilog != 0:
		level = Info
	case r.batch != nil:
		_, level, _ = r.batch.worst()
	}
	return level, nil
}

// states reports whether a value that is no level was meant to be one.
func states(value []byte) bool {
	switch value[0] {
	case '"':
		return len(value) > 2
	case '{', '[', 'n', 't', 'f':
		return false
	}
	return true
}

// time is the first of the times that is one, or else that of the batch's first record.
func (r *reading) time() (sec int64, nsec int, from *candidate) {
	for i := range r.of(roleTime) {
		c := &r.all[roleTime][i]
		if sec, nsec, ok := timeOf(c.value); ok {
			return sec, nsec, c
		}
	}
	if first, ok := r.batch.first(); ok {
		if sec, nsec, c := first.time(); c != nil {
			return sec, nsec, r.in(c)
		}
	}
	return 0, 0, nil
}

// in is a candidate of a record of the batch as one of the record.
func (r *reading) in(c *candidate) *candidate {
	r.found = *c
	r.found.top = false
	return &r.found
}

// text is the first of the candidates for a role that is a text, or else what the
// batch says of its first resource.
func (r *reading) text(role role) *candidate {
	for i := range r.of(role) {
		if c := &r.all[role][i]; r.known(c) && isString(c.value) {
			return c
		}
	}
	if value := r.batch.attribute(role); value != nil {
		return r.in(&candidate{value: value})
	}
	return nil
}

// message is the first of the messages that is one: a text, the bytes of one, as
// the journal writes what is not UTF-8, or an object that holds one, as
// OpenTelemetry has it. Or else it is that of the batch's worst record, for whose sake
// the batch is shown.
func (r *reading) message() *candidate {
	for i := range r.of(roleMsg) {
		c := &r.all[roleMsg][i]
		switch {
		case !r.known(c):
		case isString(c.value):
			return c
		case c.value[0] == '{':
			for _, key := range [...]string{"stringValue", "string_value"} {
				if s := jsonscan.Find(c.value, key); isString(s) {
					c.value, c.top = s, false
					return c
				}
			}
		case c.value[0] == '[' && isBytes(c.value):
			return c
		}
	}
	if worst, _, ok := r.batch.worst(); ok {
		if c := worst.message(); c != nil {
			return r.in(c)
		}
	}
	return nil
}

// isBytes reports whether a value is a list of bytes.
func isBytes(value []byte) bool {
	some := false
	for element := range jsonscan.Elements(value) {
		if n, ok := integer(element); !ok || n < 0 || n > 255 {
			return false
		}
		some = true
	}
	return some
}

// appendBytes appends the bytes of a value that isBytes holds of.
func appendBytes(dst, value []byte) []byte {
	for element := range jsonscan.Elements(value) {
		n, _ := integer(element)
		dst = append(dst, byte(n))
	}
	return dst
}

// printed is what a container printed, decoded, when the record is docker's of it, or
// one of Fluent Bit's that states no level: its JSON, or its text without the line
// break. nil when it is not.
func (r *reading) printed() []byte {
	if r.form&formContainer == 0 && r.n[roleLevel] > 0 {
		return nil
	}
	c := r.message()
	if c == nil || !c.top || table[c.at].name != "log" {
		return nil
	}
	text := []byte(jsonscan.Decode(c.value[1 : len(c.value)-1]))
	for n := len(text); n > 0 && (text[n-1] == '\n' || text[n-1] == '\r'); n-- {
		text = text[:n-1]
	}
	return text
}
