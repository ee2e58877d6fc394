package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
)

// maxDepth is how deep values may nest; what is deeper is left out.
const maxDepth = 16

// Origin is where records come from: the same for all of a scope.
type Origin struct {
	Resource *resource.Resource
	Scope    *common.InstrumentationScope
	Host     string    // for a resource that does not name its own
	Came     time.Time // when
}

// AppendRecord appends a record as a JSON object: a bunyan record, with the attributes
// of the record, and those of its resource, as fields.
func AppendRecord(dst []byte, from *Origin, r *logs.LogRecord) []byte {
	of := from.Resource.GetAttributes()
	host := first(text(of, "host.name"), text(of, "k8s.node.name"), from.Host)
	pid := int64(0)
	if v := find(of, "process.pid"); v != nil {
		pid = min(max(v.GetIntValue(), 0), math.MaxInt32)
	}
	dst = append(dst, `{"v":0,"name":`...)
	dst = jsonscan.AppendString(dst, first(text(of, "service.name"), from.Scope.GetName(), "otlp"))
	dst = append(dst, `,"hostname":`...)
	dst = jsonscan.AppendString(dst, host)
	dst = strconv.AppendInt(append(dst, `,"pid":`...), pid, 10)
	dst = strconv.AppendInt(append(dst, `,"level":`...), int64(level(r)), 10)
	dst = append(dst, `,"time":"`...)
	dst = at(r, from.Came).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	dst = append(dst, `","msg":`...)
	body := r.GetBody()
	switch v := body.GetValue().(type) {
	case nil:
		dst = jsonscan.AppendString(dst, r.GetEventName())
	case *common.AnyValue_StringValue:
		dst = jsonscan.AppendString(dst, v.StringValue)
	default:
		dst = jsonscan.AppendString(dst, string(appendValue(nil, body, 0)))
	}

	f := fields{dst: dst, seen: map[string]bool{"v": true, "name": true, "hostname": true, "pid": true, "level": true, "time": true, "msg": true}}
	f.text("event_name", r.GetEventName())
	if s := r.GetSeverityText(); s != "" && r.GetSeverityNumber() == 0 {
		f.text("severity_text", s)
	}
	if id := r.GetTraceId(); len(id) > 0 {
		f.text("trace_id", hex.EncodeToString(id))
	}
	if id := r.GetSpanId(); len(id) > 0 {
		f.text("span_id", hex.EncodeToString(id))
	}
	if body.GetKvlistValue() != nil && f.begin("body") {
		f.dst = appendValue(f.dst, body, 0)
	}
	f.all(r.GetAttributes())
	f.text("scope", from.Scope.GetName())
	f.text("scope_version", from.Scope.GetVersion())
	f.all(from.Scope.GetAttributes())
	f.all(of)
	dropped := r.GetDroppedAttributesCount() + from.Scope.GetDroppedAttributesCount() + from.Resource.GetDroppedAttributesCount()
	if dropped > 0 && f.begin("dropped_attributes_count") {
		f.dst = strconv.AppendUint(f.dst, uint64(dropped), 10)
	}
	return append(f.dst, '}')
}

// fields appends fields to an object, of each name the first.
type fields struct {
	dst  []byte
	seen map[string]bool
}

// begin appends the name of a field, unless there is one of that name. One that has
// the name of one of bunyan's has "fields." before it.
func (f *fields) begin(name string) bool {
	switch name {
	case "v", "name", "hostname", "pid", "level", "time", "msg":
		name = "fields." + name
	}
	if f.seen[name] {
		return false
	}
	f.seen[name] = true
	f.dst = append(jsonscan.AppendString(append(f.dst, ','), name), ':')
	return true
}

func (f *fields) text(name, value string) {
	if value != "" && f.begin(name) {
		f.dst = jsonscan.AppendString(f.dst, value)
	}
}

func (f *fields) all(attributes []*common.KeyValue) {
	for _, a := range attributes {
		if f.begin(a.GetKey()) {
			f.dst = appendValue(f.dst, a.GetValue(), 0)
		}
	}
}

// level is of the severity: of its number, or else its text.
func level(r *logs.LogRecord) record.Level {
	if n := r.GetSeverityNumber(); 0 < n && n <= 24 {
		return record.Level(10 * ((int(n)-1)/4 + 1))
	}
	if l, err := record.ParseLevel(r.GetSeverityText()); err == nil && l > 0 {
		return l
	}
	return record.Info
}

// at is when a record was made, or else observed, or came.
func at(r *logs.LogRecord, came time.Time) time.Time {
	for _, nanos := range []uint64{r.GetTimeUnixNano(), r.GetObservedTimeUnixNano()} {
		if 0 < nanos && nanos <= math.MaxInt64 {
			return time.Unix(0, int64(nanos))
		}
	}
	return came
}

// Value is the value of an attribute as a text, of the resource or else of the record; ""
// is none.
func Value(from *Origin, r *logs.LogRecord, key string) string {
	for _, attributes := range [][]*common.KeyValue{from.Resource.GetAttributes(), from.Scope.GetAttributes(), r.GetAttributes()} {
		if v := find(attributes, key); v != nil {
			if _, ok := v.GetValue().(*common.AnyValue_StringValue); ok {
				return v.GetStringValue()
			}
			return string(appendValue(nil, v, 0))
		}
	}
	if key == "scope" {
		return from.Scope.GetName()
	}
	return ""
}

func find(attributes []*common.KeyValue, key string) *common.AnyValue {
	i := slices.IndexFunc(attributes, func(a *common.KeyValue) bool { return a.GetKey() == key })
	if i < 0 {
		return nil
	}
	return attributes[i].GetValue()
}

func text(attributes []*common.KeyValue, key string) string {
	return find(attributes, key).GetStringValue()
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// appendValue appends a value as JSON.
func appendValue(dst []byte, v *common.AnyValue, depth int) []byte {
	if depth > maxDepth {
		return append(dst, `"…"`...)
	}
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return jsonscan.AppendString(dst, v.StringValue)
	case *common.AnyValue_BoolValue:
		return strconv.AppendBool(dst, v.BoolValue)
	case *common.AnyValue_IntValue:
		return strconv.AppendInt(dst, v.IntValue, 10)
	case *common.AnyValue_DoubleValue:
		if math.IsNaN(v.DoubleValue) || math.IsInf(v.DoubleValue, 0) {
			return jsonscan.AppendString(dst, strconv.FormatFloat(v.DoubleValue, 'g', -1, 64))
		}
		return strconv.AppendFloat(dst, v.DoubleValue, 'g', -1, 64)
	case *common.AnyValue_BytesValue:
		return jsonscan.AppendString(dst, base64.StdEncoding.EncodeToString(v.BytesValue))
	case *common.AnyValue_ArrayValue:
		dst = append(dst, '[')
		for i, each := range v.ArrayValue.GetValues() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, each, depth+1)
		}
		return append(dst, ']')
	case *common.AnyValue_KvlistValue:
		dst = append(dst, '{')
		for i, each := range v.KvlistValue.GetValues() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsonscan.AppendString(dst, each.GetKey()), ':')
			dst = appendValue(dst, each.GetValue(), depth+1)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}
