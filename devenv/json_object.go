package devenv

import (
	"strconv"
	"time"

	"sluice/cluster/jsonscan"
)

// object appends the members of one JSON object in the order in which they are
// given, as bunyan does. Keys are ours and need no escaping.
type object struct {
	buf  []byte
	more bool
}

// open begins an object at the end of dst.
func open(dst []byte) object { return object{buf: append(dst, '{')} }

// close ends it and returns the bytes.
func (o *object) close() []byte { return append(o.buf, '}') }

func (o *object) key(key string) {
	if o.more {
		o.buf = append(o.buf, ',')
	}
	o.more = true
	o.buf = append(o.buf, '"')
	o.buf = append(o.buf, key...)
	o.buf = append(o.buf, '"', ':')
}

func (o *object) str(key, value string) {
	o.key(key)
	o.buf = jsonscan.AppendString(o.buf, value)
}

func (o *object) num(key string, value int) {
	o.key(key)
	o.buf = strconv.AppendInt(o.buf, int64(value), 10)
}

func (o *object) real(key string, value float64) {
	o.key(key)
	o.buf = strconv.AppendFloat(o.buf, value, 'f', 3, 64)
}

func (o *object) bool(key string, value bool) {
	o.key(key)
	o.buf = strconv.AppendBool(o.buf, value)
}

// raw takes value as it is: JSON that must not be encoded again.
func (o *object) raw(key, value string) {
	o.key(key)
	o.buf = append(o.buf, value...)
}

func (o *object) time(key string, value time.Time) {
	o.key(key)
	o.buf = append(o.buf, '"')
	o.buf = value.UTC().AppendFormat(o.buf, "2006-01-02T15:04:05.000Z")
	o.buf = append(o.buf, '"')
}

// sub appends an object as a member.
func (o *object) sub(key string, members func(*object)) {
	o.key(key)
	in := open(o.buf)
	members(&in)
	o.buf = in.close()
}
