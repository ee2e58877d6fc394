package record

import (
	"strconv"
	"time"

	"sluice/cluster/jsonscan"
)

// conversion makes a bunyan record of an object, and of what it says that a
// container printed.
type conversion struct {
	from    reading          // of the object
	printed *reading         // of the object that was printed; nil when there is none
	text    []byte           // that was printed; nil when nothing was
	head    textHead         // of text that is no object
	taken   [2 * roles]*byte // first bytes of the values that stand in bunyan's fields
	n       int              // how many
	v       []byte           // bunyan's v; nil when there is none
	prefix  int              // how often "fields." stands at the beginning of a key, at most
	members int              // of the object
	key     [maxMembers][]byte
	value   [maxMembers][]byte
}

// maxPrinting is how many fields an object has at most whose printed object becomes
// part of the record: each is compared with each.
const maxPrinting = 16

// convert appends an object as a bunyan record. What is no object is [FormText].
func (b *Bunyan) convert(dst, object []byte, now time.Time) ([]byte, Form) {
	var c conversion
	if !c.read(object) {
		return dst, FormText
	}
	prefix := c.prefix
	printed := []byte(nil) // the object that was printed
	if c.text = c.from.printed(); c.text != nil {
		if inner, ok := match(c.text); ok && c.members <= maxPrinting {
			printed = NormaliseAt(nil, c.text, now)
			c.printed = new(reading)
			c.printed.read(printed)
			prefix = max(prefix, inner.prefix)
		} else {
			c.head = readText(c.text)
		}
	}

	dst = append(dst, `{"v":`...)
	if v := c.v; isInteger(v) {
		dst = append(dst, v...)
		c.take(&candidate{top: true, value: v})
	} else {
		dst = append(dst, '0')
	}
	dst = c.appendText(append(dst, `,"name":`...), roleName, b.name)
	dst = c.appendText(append(dst, `,"hostname":`...), roleHostname, b.hostname)
	dst = c.appendPID(append(dst, `,"pid":`...))
	dst = c.appendLevel(append(dst, `,"level":`...))
	dst = c.appendTime(append(dst, `,"time":`...), now)
	dst = c.appendMsg(append(dst, `,"msg":`...))
	dst = c.appendRest(dst, object, prefix, printed)
	if printed != nil {
		for key, value := range jsonscan.Members(printed) {
			dst = c.appendField(dst, key, value, prefix, nil)
		}
	}
	return append(dst, '}'), FormObject
}

// maxMembers is how many members of an object are kept from one scan to the next.
const maxMembers = 24

// read scans the object, and keeps its members, if they are not too many. It reports
// false when it is no valid object.
func (c *conversion) read(object []byte) bool {
	check := jsonscan.Check(object)
	for {
		key, value, ok := check.Next()
		if !ok {
			return check.Valid()
		}
		c.from.member("", key, value)
		if coreKey(key) == keyV {
			c.v = value
		} else {
			c.prefix = max(c.prefix, fieldsPrefix(key))
		}
		if c.members < maxMembers {
			c.key[c.members], c.value[c.members] = key, value
		}
		c.members++
	}
}

// appendRest appends the fields of the object that do not stand in bunyan's.
func (c *conversion) appendRest(dst, object []byte, prefix int, other []byte) []byte {
	if c.members <= maxMembers {
		for i := range c.members {
			dst = c.appendField(dst, c.key[i], c.value[i], prefix, other)
		}
		return dst
	}
	for key, value := range jsonscan.Members(object) {
		dst = c.appendField(dst, key, value, prefix, other)
	}
	return dst
}

// after is what is read when a reading does not say something.
func (c *conversion) after(r *reading) *reading {
	if r == &c.from {
		return c.printed
	}
	return nil
}

// take notes that a field stands in one of bunyan's.
func (c *conversion) take(from *candidate) {
	if from.top && c.n < len(c.taken) {
		c.taken[c.n] = &from.value[0]
		c.n++
	}
}

func (c *conversion) isTaken(value []byte) bool {
	for _, first := range c.taken[:c.n] {
		if first == &value[0] {
			return true
		}
	}
	return false
}

func (c *conversion) appendText(dst []byte, role role, otherwise []byte) []byte {
	for r := &c.from; r != nil; r = c.after(r) {
		if from := r.text(role); from != nil {
			c.take(from)
			return append(dst, from.value...)
		}
	}
	return append(dst, otherwise...)
}

func (c *conversion) appendPID(dst []byte) []byte {
	for r := &c.from; r != nil; r = c.after(r) {
		for i := range r.of(rolePID) {
			from := &r.all[rolePID][i]
			if pid := digitsOf(from.value); pid != nil {
				c.take(from)
				return append(dst, pid...)
			}
		}
	}
	return append(dst, '0')
}

// digitsOf returns a number that a value is, or that stands in it as a text, as the
// journal has it. nil when it is none.
func digitsOf(value []byte) []byte {
	if isInteger(value) {
		return value
	}
	if isString(value) && 3 <= len(value) && len(value) < 12 && value[1] != '0' {
		if _, ok := number(value[1 : len(value)-1]); ok {
			return value[1 : len(value)-1]
		}
	}
	return nil
}

func (c *conversion) appendLevel(dst []byte) []byte {
	level := Level(0)
	for r := &c.from; r != nil; r = c.after(r) {
		l, from := r.level()
		if from != nil {
			c.take(from)
		}
		if level = l; level != 0 {
			break
		}
	}
	if level == 0 {
		level = c.head.level
	}
	switch level {
	case 0:
		level = Info
	case Unknown:
		level = 0
	}
	return strconv.AppendInt(dst, int64(level), 10)
}

func (c *conversion) appendTime(dst []byte, now time.Time) []byte {
	for r := &c.from; r != nil; r = c.after(r) {
		for i := range r.of(roleTime) {
			from := &r.all[roleTime][i]
			if out, ok := appendTimeAs(dst, from.value); ok {
				c.take(from)
				return out
			}
		}
	}
	if first, ok := c.from.batch.first(); ok {
		if sec, nsec, from := first.time(); from != nil && representable(sec) {
			return appendTime(dst, time.Unix(sec, int64(nsec)))
		}
	}
	if c.head.timed && representable(c.head.sec) {
		return appendTime(dst, time.Unix(c.head.sec, int64(c.head.nsec)))
	}
	return appendTime(dst, now.Truncate(time.Millisecond))
}

func (c *conversion) appendMsg(dst []byte) []byte {
	from := c.from.message()
	if c.text != nil {
		c.take(from)
		if c.printed == nil {
			return jsonscan.AppendString(dst, string(c.text))
		}
		from = c.printed.message()
	}
	switch {
	case from == nil:
		return append(dst, `""`...)
	case from.value[0] == '[':
		c.take(from)
		return jsonscan.AppendString(dst, string(appendBytes(nil, from.value)))
	}
	c.take(from)
	return append(dst, from.value...)
}

// appendField appends a field, unless it stands in one of bunyan's. One that has the
// name of one of bunyan's, or is also in other, has "fields." before its name.
func (c *conversion) appendField(dst, key, value []byte, prefix int, other []byte) []byte {
	if c.isTaken(value) {
		return dst
	}
	n := 0
	switch core := coreKey(key); {
	case other != nil && jsonscan.Find(other, jsonscan.Decode(key)) != nil:
		n = prefix + 2
	case core != keyOther && core != keyComponent:
		n = prefix + 1
	}
	dst = append(dst, ',', '"')
	for range n {
		dst = append(dst, fieldsDot...)
	}
	dst = append(dst, key...)
	dst = append(dst, '"', ':')
	return append(dst, value...)
}
