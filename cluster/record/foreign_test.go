package record_test

import (
	"encoding/json"
	"testing"
	"time"

	"sluice/cluster/record"
)

// What loggers write, all at the same time.
var foreign = []struct {
	who, record          string
	level                record.Level
	msg, name, host, pid string
}{
	{"pino", `{"level":50,"time":1772366400123,"pid":7,"hostname":"h","msg":"boom"}`, record.Error, "boom", "", "h", "7"},
	{"zap", `{"level":"error","ts":1772366400.123,"logger":"http","caller":"a/b.go:1","msg":"boom"}`, record.Error, "boom", "http", "", ""},
	{"zap, development", `{"L":"ERROR","T":"2026-03-01T12:00:00.123Z","N":"http","M":"boom"}`, record.Error, "boom", "http", "", ""},
	{"zap, coloured", `{"level":"\u001b[31mERROR\u001b[0m","ts":"2026-03-01T12:00:00.123Z","msg":"boom"}`, record.Error, "boom", "", "", ""},
	{"zerolog", `{"level":"error","time":1772366400123,"message":"boom","error":"e"}`, record.Error, "boom", "", "", ""},
	{"logrus", `{"level":"warning","msg":"boom","time":"2026-03-01T12:00:00.123Z"}`, record.Warn, "boom", "", "", ""},
	{"slog", `{"time":"2026-03-01T14:00:00.123456789+02:00","level":"ERROR+2","msg":"boom"}`, 55, "boom", "", "", ""},
	{"hclog", `{"@level":"error","@message":"boom","@module":"raft","@timestamp":"2026-03-01T12:00:00.123Z"}`, record.Error, "boom", "raft", "", ""},
	{"log15", `{"lvl":"eror","msg":"boom","t":"2026-03-01T12:00:00.123Z"}`, record.Error, "boom", "", "", ""},
	{"klog", `{"ts":1772366400123.456,"caller":"a.go:1","msg":"boom","v":2}`, 0, "boom", "", "", ""},
	{"winston", `{"level":"error","message":"boom","timestamp":"2026-03-01T12:00:00.123Z"}`, record.Error, "boom", "", "", ""},
	{"log4js", `{"startTime":"2026-03-01T12:00:00.123Z","timestamp":"2026-03-01T12:00:00.123Z","level":{"level":40000,"levelStr":"ERROR","colour":"red"},"message":"boom"}`, record.Error, "boom", "", "", ""},
	{"Roarr", `{"context":{"logLevel":50},"message":"boom","time":1772366400123}`, record.Error, "boom", "", "", ""},
	{"log4j", `{"instant":{"epochSecond":1772366400,"nanoOfSecond":123000000},"thread":"main","level":"ERROR","loggerName":"a.B","message":"boom"}`, record.Error, "boom", "a.B", "", ""},
	{"log4j, milliseconds", `{"timeMillis":1772366400123,"level":"FATAL","loggerName":"a.B","message":"boom"}`, record.Fatal, "boom", "a.B", "", ""},
	{"logback", `{"sequenceNumber":0,"timestamp":1772366400123,"level":"ERROR","threadName":"main","loggerName":"a.B","message":"boom"}`, record.Error, "boom", "a.B", "", ""},
	{"Logstash", `{"@timestamp":"2026-03-01T12:00:00.123Z","@version":"1","message":"boom","logger_name":"a.B","level":"ERROR","level_value":40000,"host":"h"}`, record.Error, "boom", "a.B", "h", ""},
	{"level_value alone", `{"@timestamp":"2026-03-01T12:00:00.123Z","message":"boom","level_value":40000}`, record.Error, "boom", "", "", ""},
	{"java.util.logging", `{"timestamp":"2026-03-01T12:00:00.123Z","level":"SEVERE","loggerName":"a.B","message":"boom"}`, record.Error, "boom", "a.B", "", ""},
	{"ECS", `{"@timestamp":"2026-03-01T12:00:00.123Z","log.level":"ERROR","message":"boom","log.logger":"a.B","host.name":"h","process.pid":7}`, record.Error, "boom", "a.B", "h", "7"},
	{"ECS, nested", `{"@timestamp":"2026-03-01T12:00:00.123Z","log":{"level":"ERROR","logger":"a.B"},"message":"boom","host":{"hostname":"h"},"process":{"pid":7}}`, record.Error, "boom", "a.B", "h", "7"},
	{"ECS of syslog", `{"@timestamp":"2026-03-01T12:00:00.123Z","log":{"syslog":{"severity":{"code":3}}},"message":"boom"}`, record.Error, "boom", "", "", ""},
	{"GELF", `{"version":"1.1","host":"h","short_message":"boom","timestamp":1772366400.123,"level":3}`, record.Error, "boom", "", "h", ""},
	{"journald", `{"__REALTIME_TIMESTAMP":"1772366400123456","PRIORITY":"3","MESSAGE":"boom","_HOSTNAME":"h","SYSLOG_IDENTIFIER":"app","_PID":"7"}`, record.Error, "boom", "app", "h", "7"},
	{"journald, bytes", `{"__REALTIME_TIMESTAMP":"1772366400123456","PRIORITY":"3","MESSAGE":[98,111,111,109],"_COMM":"app"}`, record.Error, "boom", "app", "", ""},
	{"syslog-ng", `{"PRIORITY":"err","MESSAGE":"boom","DATE":"2026-03-01T12:00:00.123+00:00"}`, record.Error, "boom", "", "", ""},
	{"Google", `{"severity":"CRITICAL","timestamp":{"seconds":1772366400,"nanos":123000000},"message":"boom"}`, record.Fatal, "boom", "", "", ""},
	{"Google, number", `{"severity":500,"timestamp":"2026-03-01T12:00:00.123Z","textPayload":"boom"}`, record.Error, "boom", "", "", ""},
	{"a severity of syslog", `{"severity":3,"timestamp":"2026-03-01T12:00:00.123Z","message":"boom"}`, record.Error, "boom", "", "", ""},
	{"Python", `{"asctime":"2026-03-01 12:00:00,123Z","levelname":"ERROR","name":"app.db","message":"boom","process":7}`, record.Error, "boom", "app.db", "", "7"},
	{"Python, numbers", `{"created":1772366400.123,"levelno":40,"name":"app.db","message":"boom"}`, record.Error, "boom", "app.db", "", ""},
	{"structlog", `{"event":"boom","level":"error","logger":"app","timestamp":"2026-03-01T12:00:00.123Z"}`, record.Error, "boom", "app", "", ""},
	{"loguru", `{"text":"…","record":{"level":{"icon":"x","name":"ERROR","no":40},"message":"boom","name":"app","time":{"repr":"2026-03-01 12:00:00.123000+00:00","timestamp":1772366400.123}}}`, record.Error, "boom", "app", "", ""},
	{"Monolog", `{"message":"boom","level":400,"level_name":"ERROR","channel":"app","datetime":"2026-03-01T12:00:00.123+00:00"}`, record.Error, "boom", "app", "", ""},
	{"Serilog, compact", `{"@t":"2026-03-01T12:00:00.123Z","@mt":"boom","@l":"Error","@x":"e"}`, record.Error, "boom", "", "", ""},
	{"Serilog, information", `{"@t":"2026-03-01T12:00:00.123Z","@m":"boom"}`, record.Info, "boom", "", "", ""},
	{"Serilog", `{"Timestamp":"2026-03-01T12:00:00.123+00:00","Level":"Error","MessageTemplate":"boom {A}","RenderedMessage":"boom"}`, record.Error, "boom", "", "", ""},
	{".NET", `{"Timestamp":"2026-03-01T12:00:00.123Z","EventId":0,"LogLevel":"Critical","Category":"a.B","Message":"boom"}`, record.Fatal, "boom", "a.B", "", ""},
	{"OpenTelemetry", `{"Timestamp":"1772366400123000000","SeverityText":"","SeverityNumber":17,"Body":"boom"}`, record.Error, "boom", "", "", ""},
	{"OpenTelemetry, OTLP", `{"timeUnixNano":"1772366400123000000","severityNumber":21,"body":{"stringValue":"boom"}}`, record.Fatal, "boom", "", "", ""},
	{"OpenTelemetry, a batch", `{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"h"}},{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"scope":{},"logRecords":[{"timeUnixNano":"1772366400123000000","severityNumber":9,"severityText":"INFO","body":{"stringValue":"fine"}},{"timeUnixNano":"1772366401000000000","severityNumber":17,"body":{"stringValue":"boom"}}]}]},{"scopeLogs":[{"logRecords":[{"severityText":"WARN2"}]}]}]}`, record.Error, "boom", "shop", "h", ""},
	{"OpenTelemetry, a batch with underscores", `{"resource_logs":[{},{"scope_logs":[{"log_records":[{"time_unix_nano":"1772366400123000000","severity_text":"ERROR2","body":{"string_value":"boom"}}]}]}]}`, record.Error, "boom", "", "", ""},
	{"tracing", `{"timestamp":"2026-03-01T12:00:00.123456Z","level":"ERROR","fields":{"message":"boom"},"target":"app::db"}`, record.Error, "boom", "app::db", "", ""},
	{"Elixir", `{"time":"2026-03-01T12:00:00.123Z","severity":"error","message":"boom","metadata":{}}`, record.Error, "boom", "", "", ""},
	{"MongoDB", `{"t":{"$date":"2026-03-01T12:00:00.123+00:00"},"s":"E","c":"NETWORK","id":1,"ctx":"main","msg":"boom"}`, record.Error, "boom", "", "", ""},
	{"PostgreSQL", `{"timestamp":"2026-03-01 12:00:00.123 UTC","pid":7,"error_severity":"ERROR","message":"boom"}`, record.Error, "boom", "", "", "7"},
	{"macOS", `{"timestamp":"2026-03-01 12:00:00.123000+0000","messageType":"Error","eventMessage":"boom"}`, record.Error, "boom", "", "", ""},
	{"docker", `{"log":"boom\n","stream":"stderr","time":"2026-03-01T12:00:00.123456789Z"}`, 0, "boom", "", "", ""},
	{"docker of text", `{"log":"[error] boom\n","stream":"stderr","time":"2026-03-01T12:00:00.123456789Z"}`, record.Error, "[error] boom", "", "", ""},
	{"Fluent Bit of JSON", `{"date":1772366400.123,"log":"{\"level\":\"error\",\"msg\":\"boom\",\"logger\":\"http\"}"}`, record.Error, "boom", "http", "", ""},
	{"Fluent Bit of text", `{"date":1772366400.123,"log":"[error] boom"}`, record.Error, "[error] boom", "", "", ""},
	{"a log of its own", `{"date":1772366400.123,"level":"info","log":"[error] boom"}`, record.Info, "[error] boom", "", "", ""},
	{"docker of JSON", `{"log":"{\"level\":\"error\",\"msg\":\"boom\",\"logger\":\"http\",\"ts\":1.7e9}\n","stream":"stderr","time":"2026-03-01T12:00:00.123456789Z"}`, record.Error, "boom", "http", "", ""},

	{"a word of syslog", `{"time":"2026-03-01T12:00:00.123Z","level":"emerg","msg":"boom"}`, record.Fatal, "boom", "", "", ""},
	{"a number as text", `{"time":"2026-03-01T12:00:00.123Z","level":"50","msg":"boom"}`, record.Error, "boom", "", "", ""},
	{"a small number", `{"time":"2026-03-01T12:00:00.123Z","level":3,"msg":"boom"}`, record.Unknown, "boom", "", "", ""},
	{"bunyan's small number", `{"v":0,"name":"a","hostname":"h","pid":7,"time":"2026-03-01T12:00:00.123Z","level":3,"msg":"boom"}`, 3, "boom", "a", "h", "7"},
	{"bunyan's large number", `{"v":0,"name":"a","hostname":"h","pid":7,"time":"2026-03-01T12:00:00.123Z","level":300,"msg":"boom"}`, 300, "boom", "a", "h", "7"},
	{"a word of nobody", `{"time":"2026-03-01T12:00:00.123Z","level":"BOOM","msg":"boom"}`, record.Unknown, "boom", "", "", ""},
	{"the second is understood", `{"time":"soon","ts":"1772366400123","level":"BOOM","severity":"err","msg":"boom"}`, record.Error, "boom", "", "", ""},
	{"seconds as text", `{"time":"1772366400.123","level":"err","msg":"boom"}`, record.Error, "boom", "", "", ""},
	{"microseconds", `{"time":1772366400123456,"level":"err","msg":"boom"}`, record.Error, "boom", "", "", ""},
	{"nanoseconds", `{"time":1772366400123456789,"level":"err","msg":"boom"}`, record.Error, "boom", "", "", ""},
	{"an access log's time", `{"time":"01/Mar/2026:12:00:00.123 +0000","level":"err","msg":"boom"}`, record.Error, "boom", "", "", ""},
	{"keys escaped", `{"\u0074s":1772366400.123,"lvl\u0000":1,"s\u0065verity":"ERROR","m\u0065ssage":"boom"}`, record.Error, "boom", "", "", ""},
}

var foreignTime = time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)

func TestOtherLoggersAreRead(t *testing.T) {
	for _, f := range foreign {
		t.Run(f.who, func(t *testing.T) {
			data := []byte(f.record)
			head := record.Peek(data)
			if head.Time != foreignTime.UnixMilli() || head.Level != f.level {
				t.Errorf("the head is %v, %v, want %v, %v", time.UnixMilli(head.Time).UTC(), head.Level, foreignTime, f.level)
			}
			if at, level := record.PeekTime(data), record.PeekLevel(data); at != head.Time || level != head.Level {
				t.Errorf("alone they are %d, %v, together %+v", at, level, head)
			}
			r := record.Parse(data)
			pid, _ := r.Field("pid")
			if r.Time.Truncate(time.Millisecond) != foreignTime || r.Level != f.level || r.Msg != f.msg || r.Name != f.name || r.Hostname != f.host || pid != f.pid {
				t.Errorf("parsed it is %+v, want %+v", r, f)
			}
		})
	}
}

// What publish makes of it reads the same.
func TestOtherLoggersBecomeBunyan(t *testing.T) {
	for _, f := range foreign {
		t.Run(f.who, func(t *testing.T) {
			out, form := mapped.AppendObject(nil, []byte(f.record), mappedAt)
			if form == record.FormText || !record.IsLine(out) {
				t.Fatalf("taken for %d: %s", form, out)
			}
			var got struct {
				Name, Hostname, Msg string
				Level               *record.Level
				PID                 json.Number
				Time                time.Time
			}
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			level := f.level
			switch level {
			case 0:
				level = record.Info
			case record.Unknown:
				level = 0
			}
			or := func(s, other string) string {
				if s == "" {
					return other
				}
				return s
			}
			if got.Time.Truncate(time.Millisecond).UTC() != foreignTime || *got.Level != level || got.Msg != f.msg ||
				got.Name != or(f.name, "app") || got.Hostname != or(f.host, "vm-1") || string(got.PID) != or(f.pid, "0") {
				t.Errorf("becomes %s", out)
			}
			if read := record.PeekLevel(out); read != level && (level != 0 || read != record.Unknown) {
				t.Errorf("its level is read as %v: %s", read, out)
			}
		})
	}
}

func TestAnUnknownLevelIsNotHidden(t *testing.T) {
	for _, least := range []record.Level{record.Trace, record.Info, record.Error, record.Fatal, 65} {
		if !record.Unknown.AtLeast(least) {
			t.Errorf("an unknown level is not at least %v", least)
		}
		if record.Level(0).AtLeast(least) != (least <= record.Info) {
			t.Errorf("no level counts as at least %v", least)
		}
	}
	for _, data := range []string{`{"msg":"x"}`, `{"level":null,"msg":"x"}`, `{"level":"","msg":"x"}`, `{"level":{"a":1}}`, `{"priority":"high"}`, `{"s":"x","l":"y"}`} {
		if level := record.PeekLevel([]byte(data)); level != 0 {
			t.Errorf("%s has the level %v", data, level)
		}
	}
}

// Docker's own fields stay beside those of what was printed.
func TestWhatAContainerPrintedIsARecord(t *testing.T) {
	const line = `{"log":"{\"level\":\"warn\",\"msg\":\"hot\",\"stream\":\"mine\",\"n\":1,\"time\":\"x\"}\n","stream":"stdout","attrs":{"a":1},"time":"2026-03-01T12:00:00.123Z"}`
	out, _ := mapped.AppendObject(nil, []byte(line), mappedAt)
	const want = `{"v":0,"name":"app","hostname":"vm-1","pid":0,"level":40,"time":"2026-03-01T12:00:00.123Z","msg":"hot","fields.fields.stream":"stdout","attrs":{"a":1},"stream":"mine","n":1,"fields.time":"x"}`
	if string(out) != want {
		t.Errorf("becomes\n%s\nwant\n%s", out, want)
	}
	r := record.Parse([]byte(line))
	if stream, _ := r.Field("stream"); r.Msg != "hot" || stream != "mine" || len(r.Fields) != 5 {
		t.Errorf("parsed it is %+v", r)
	}
	if !record.Peek([]byte(line)).Encoded || record.Peek([]byte(foreign[0].record)).Encoded {
		t.Error("that its message is encoded once more is not known")
	}
}

func BenchmarkPeekForeign(b *testing.B) {
	for _, f := range foreign {
		switch f.who {
		case "zap", "ECS, nested", "docker of text":
			data := []byte(f.record)
			b.Run(f.who, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					record.Peek(data)
				}
			})
		}
	}
}
