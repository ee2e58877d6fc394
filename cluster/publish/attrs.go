package publish

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// writer appends attributes to an object that is open.
type writer struct {
	b      []byte
	depth  int      // objects that are open within the record
	source bool     // the record has bunyan's src already
	tops   []member // outside of groups, that are whole
}

// member is a member of the record itself, as offsets in writer.b: it begins
// with a comma.
type member struct{ from, value, to int }

// maxDepth is how deep groups nest; what is deeper stands as text.
const maxDepth = 100

// key begins a member.
func (w *writer) key(key string) member {
	m := member{from: len(w.b)}
	if m.from == 0 || w.b[m.from-1] != '{' { // WithAttrs begins behind the fields of the record
		w.b = append(w.b, ',')
	}
	w.b = appendString(w.b, key)
	w.b = append(w.b, ':')
	m.value = len(w.b)
	return m
}

// open begins a member that is an object.
func (w *writer) open(name string) member {
	m := w.key(name)
	w.b = append(w.b, '{')
	return m
}

// openAll begins groups within one another, and returns the outermost.
func (w *writer) openAll(groups []string) (m member) {
	for i, g := range groups {
		if inner := w.open(g); i == 0 {
			m = inner
		}
	}
	return m
}

// stands notes a member of the record itself. It takes the place of one with the
// same key: readers of JSON keep the first, or the last, or neither.
func (w *writer) stands(m member) {
	for i, t := range w.tops {
		if !bytes.Equal(w.b[t.from:t.value], w.b[m.from:m.value]) {
			continue
		}
		cut := t.to - t.from
		w.b = slices.Delete(w.b, t.from, t.to)
		w.tops = slices.Delete(w.tops, i, i+1)
		for j := i; j < len(w.tops); j++ {
			w.tops[j] = w.tops[j].shifted(-cut)
		}
		m = m.shifted(-cut)
		break
	}
	m.to = len(w.b)
	w.tops = append(w.tops, m)
}

func (m member) shifted(by int) member {
	return member{m.from + by, m.value + by, m.to + by}
}

// attr appends an attribute, unless it is empty.
func (w *writer) attr(a slog.Attr) {
	v := resolve(a.Value)
	if a.Key == "" && v.Kind() != slog.KindGroup && v.Equal(slog.Value{}) {
		return
	}
	if v.Kind() == slog.KindGroup {
		w.group(a.Key, v.Group())
		return
	}
	var err error
	isError := false
	if v.Kind() == slog.KindAny {
		err, isError = v.Any().(error)
	}
	key := a.Key
	if w.depth == 0 {
		key = outermost(key, isError, w.source)
	}
	m := w.key(key)
	if isError {
		w.err(err)
	} else {
		w.value(v)
	}
	if w.depth == 0 {
		w.stands(m)
	}
}

// outermost is the key of an attribute outside of groups; hasSource says that
// the record has bunyan's src.
func outermost(key string, isError, hasSource bool) string {
	switch key {
	case "src":
		if hasSource {
			return "fields.src"
		}
	case "error":
		if isError {
			return "err"
		}
	case "v", "level", "name", "hostname", "pid", "time", "msg":
		return "fields." + key
	}
	return key
}

// group appends a group; one without attributes is left out, one without a key
// stands where it is.
func (w *writer) group(key string, attrs []slog.Attr) {
	if key == "" {
		for _, a := range attrs {
			w.attr(a)
		}
		return
	}
	begun := len(w.b)
	if w.depth >= maxDepth {
		w.attr(slog.String(key, "nested too deep"))
		return
	}
	if w.depth == 0 {
		key = outermost(key, false, w.source)
	}
	m := w.open(key)
	before := len(w.b)
	w.depth++
	for _, a := range attrs {
		w.attr(a)
	}
	w.depth--
	if len(w.b) == before {
		w.b = w.b[:begun]
		return
	}
	w.b = append(w.b, '}')
	if w.depth == 0 {
		w.stands(m)
	}
}

// value appends what is no group and no error.
func (w *writer) value(v slog.Value) {
	switch v.Kind() {
	case slog.KindString:
		w.b = appendString(w.b, v.String())
	case slog.KindInt64:
		w.b = strconv.AppendInt(w.b, v.Int64(), 10)
	case slog.KindUint64:
		w.b = strconv.AppendUint(w.b, v.Uint64(), 10)
	case slog.KindFloat64:
		w.b = appendFloat(w.b, v.Float64())
	case slog.KindBool:
		w.b = strconv.AppendBool(w.b, v.Bool())
	case slog.KindDuration:
		w.b = strconv.AppendInt(w.b, int64(v.Duration()), 10)
	case slog.KindTime:
		w.b = append(w.b, '"')
		w.b = v.Time().AppendFormat(w.b, time.RFC3339Nano)
		w.b = append(w.b, '"')
	default:
		w.any(v.Any())
	}
}

// any appends a value of the service's own type.
func (w *writer) any(v any) {
	begun := len(w.b)
	defer w.rescue(begun, v)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		w.b = appendString(w.b, fmt.Sprintf("!ERROR: %v", err))
		return
	}
	w.b = append(w.b, bytes.TrimRight(out.Bytes(), "\n")...)
}

// err appends an error as bunyan does.
func (w *writer) err(err error) {
	begun := len(w.b)
	defer w.rescue(begun, err)
	w.b = append(w.b, `{"message":`...)
	w.b = appendString(w.b, err.Error())
	w.b = append(w.b, `,"name":`...)
	w.b = appendString(w.b, errorName(err))
	if _, ok := err.(fmt.Formatter); ok {
		if stack := fmt.Sprintf("%+v", err); strings.Contains(stack, "\n") {
			w.b = append(w.b, `,"stack":`...)
			w.b = appendString(w.b, stack)
		}
	}
	w.b = append(w.b, '}')
}

// errorName is an error's type.
func errorName(err error) string {
	switch name := strings.TrimPrefix(reflect.TypeOf(err).String(), "*"); name {
	case "errors.errorString", "fmt.wrapError", "fmt.wrapErrors", "errors.joinError":
		return "Error"
	default:
		return name
	}
}

// rescue keeps the service alive when a method of its value panics, as those of
// nil pointers do.
func (w *writer) rescue(begun int, v any) {
	if p := recover(); p != nil {
		w.b = w.b[:begun]
		if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
			w.b = append(w.b, "null"...)
			return
		}
		w.b = appendString(w.b, fmt.Sprintf("!PANIC: %v", p))
	}
}

// resolve is Value.Resolve.
func resolve(v slog.Value) slog.Value {
	if v.Kind() == slog.KindLogValuer {
		return v.Resolve() // which survives a panic
	}
	return v
}

func appendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"+Inf"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Inf"`...)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, 64)
}

// appendSource appends where a record was logged.
func appendSource(b []byte, s *slog.Source) []byte {
	if s == nil {
		return b
	}
	b = append(b, `,"src":{"file":`...)
	b = appendString(b, s.File)
	b = append(b, `,"line":`...)
	b = strconv.AppendInt(b, int64(s.Line), 10)
	b = append(b, `,"func":`...)
	b = appendString(b, s.Function)
	return append(b, '}')
}

const hexDigits = "0123456789abcdef"

// appendString appends a JSON string that is one line, in UTF-8.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	plain := 0 // from here on nothing has to be escaped
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[plain:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			i++
			plain = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b = append(b, s[plain:i]...)
			b = append(b, "\ufffd"...)
			plain = i + n
		case r == '\u2028' || r == '\u2029':
			b = append(b, s[plain:i]...)
			b = append(b, `\u202`...)
			b = append(b, hexDigits[r&15])
			plain = i + n
		}
		i += n
	}
	b = append(b, s[plain:]...)
	return append(b, '"')
}
