package record

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

	"sluice/cluster/jsonscan"
)

// attrWriter appends attributes to an object that is open.
type attrWriter struct {
	b      []byte
	depth  int      // objects that are open within the record
	source bool     // the record has bunyan's src already
	plain  bool     // see EncoderOptions
	tops   []member // outside of groups, that are whole
}

// member is a member of the record itself, as offsets in attrWriter.b: it begins
// with a comma.
type member struct{ from, value, to int }

// maxDepth is how deep groups nest; what is deeper stands as text.
const maxDepth = 100

// key begins a member.
func (w *attrWriter) key(key string) member {
	m := member{from: len(w.b)}
	if m.from == 0 || w.b[m.from-1] != '{' { // WithAttrs begins behind the fields of the record
		w.b = append(w.b, ',')
	}
	w.b = jsonscan.AppendString(w.b, key)
	w.b = append(w.b, ':')
	m.value = len(w.b)
	return m
}

// open begins a member that is an object.
func (w *attrWriter) open(name string) member {
	m := w.key(name)
	w.b = append(w.b, '{')
	return m
}

// openAll begins groups within one another, and returns the outermost.
func (w *attrWriter) openAll(groups []string) (m member) {
	for i, g := range groups {
		if inner := w.open(g); i == 0 {
			m = inner
		}
	}
	return m
}

// stands notes a member of the record itself. It takes the place of one with the
// same key: readers of JSON keep the first, or the last, or neither.
func (w *attrWriter) stands(m member) {
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
func (w *attrWriter) attr(a slog.Attr) {
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
		if w.plain {
			v = asText(v)
		} else {
			err, isError = v.Any().(error)
		}
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

// outermost is the key of an attribute outside of groups; hasSource means that
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
func (w *attrWriter) group(key string, attrs []slog.Attr) {
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
func (w *attrWriter) value(v slog.Value) {
	switch v.Kind() {
	case slog.KindString:
		w.b = jsonscan.AppendString(w.b, v.String())
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
func (w *attrWriter) any(v any) {
	begun := len(w.b)
	defer w.rescue(begun, v)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		w.b = jsonscan.AppendString(w.b, fmt.Sprintf("!ERROR: %v", err))
		return
	}
	w.b = jsonscan.EscapeLineEnds(w.b, bytes.TrimRight(out.Bytes(), "\n"))
}

// err appends an error as bunyan does.
func (w *attrWriter) err(err error) {
	begun := len(w.b)
	defer w.rescue(begun, err)
	w.b = append(w.b, `{"message":`...)
	w.b = jsonscan.AppendString(w.b, err.Error())
	w.b = append(w.b, `,"name":`...)
	w.b = jsonscan.AppendString(w.b, errorName(err))
	if _, ok := err.(fmt.Formatter); ok {
		if stack := fmt.Sprintf("%+v", err); strings.Contains(stack, "\n") {
			w.b = append(w.b, `,"stack":`...)
			w.b = jsonscan.AppendString(w.b, stack)
		}
	}
	w.b = append(w.b, '}')
}

// asText is the text of an error, or of a value that has a String method.
func asText(v slog.Value) slog.Value {
	switch v := v.Any().(type) {
	case error:
		return slog.StringValue(v.Error())
	case fmt.Stringer:
		return slog.StringValue(v.String())
	}
	return v
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
func (w *attrWriter) rescue(begun int, v any) {
	if p := recover(); p != nil {
		w.b = w.b[:begun]
		if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
			w.b = append(w.b, "null"...)
			return
		}
		w.b = jsonscan.AppendString(w.b, fmt.Sprintf("!PANIC: %v", p))
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
	b = jsonscan.AppendString(b, s.File)
	b = append(b, `,"line":`...)
	b = strconv.AppendInt(b, int64(s.Line), 10)
	b = append(b, `,"func":`...)
	b = jsonscan.AppendString(b, s.Function)
	return append(b, '}')
}
