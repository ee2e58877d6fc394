package record_test

import (
	"strings"
	"testing"
	"time"

	"sluice/cluster/record"
)

func TestLevelAndTimeOfText(t *testing.T) {
	local := func(milli int) time.Time { return time.Date(2026, 3, 1, 12, 0, 0, milli*1e6, time.Local) }
	utc := foreignTime
	whole := utc.Truncate(time.Second)
	yearless := func(month time.Month, day, hour, minute, second, milli int) time.Time {
		now := time.Now()
		at := time.Date(now.Year(), month, day, hour, minute, second, milli*1e6, time.Local)
		if at.After(now.AddDate(0, 0, 1)) {
			at = at.AddDate(-1, 0, 0)
		}
		return at
	}
	var none time.Time
	for _, tt := range []struct {
		line  string
		level record.Level
		at    time.Time
	}{
		// logfmt
		{`time="2026-03-01T12:00:00.123Z" level=error msg="level=info \"x\" b"`, record.Error, utc},
		{`ts=2026-03-01T12:00:00.123Z caller=a.go:1 level=warn component=tsdb msg=x`, record.Warn, utc},
		{`time=2026-03-01T12:00:00.123Z level=BOOM msg=x`, record.Unknown, utc},
		{`msg="a level=error"`, 0, none},
		{"__REALTIME_TIMESTAMP=1772366400123456\nPRIORITY=3\nMESSAGE=a b\n", record.Error, utc.Add(456 * time.Microsecond)},
		// nginx, Apache, access logs
		{`2026/03/01 12:00:00 [error] 123#0: *1 open() "/x" failed`, record.Error, local(0)},
		{`[Sun Mar 01 12:00:00.123456 2026] [core:error] [pid 7:tid 9] AH1: x`, record.Error, local(123).Add(456 * time.Microsecond)},
		{`[Sun Mar 01 12:00:00 2026] [notice] workerEnv.init() ok`, record.Info, local(0)},
		{`10.0.0.1 - frank [01/Mar/2026:12:00:00 +0000] "GET /error HTTP/1.1" 500 12`, 0, whole},
		// klog, glog, logcat
		{`E0301 12:00:00.123456   42 a.go:1] x`, record.Error, yearless(3, 1, 12, 0, 0, 123).Add(456 * time.Microsecond)},
		{`W20260301 12:00:00.123456   42 a.cc:1] x`, record.Warn, local(123).Add(456 * time.Microsecond)},
		{`03-01 12:00:00.123  1702  2395 E Tag: x`, record.Error, yearless(3, 1, 12, 0, 0, 123)},
		{`W/Tag( 123): x`, record.Warn, none},
		// log4j, logback, java.util.logging, Spark, Kafka, Elasticsearch, Tomcat
		{`2026-03-01 12:00:00,123 ERROR [main] a.b.C: x`, record.Error, local(123)},
		{`2026-03-01 12:00:00.123 [main] WARN  a.b.C - x`, record.Warn, local(123)},
		{`2026-03-01 12:00:00,123 - WARN  [Q:P/10.0.0.1:1@2] - x`, record.Warn, local(123)},
		{`26/03/01 12:00:00 ERROR executor.Executor: x`, record.Error, local(0)},
		{`[2026-03-01 12:00:00,123] ERROR [a id=1] x`, record.Error, local(123)},
		{`[2026-03-01T12:00:00,123][WARN ][o.e.n.Node] [n] x`, record.Warn, local(123)},
		{`01-Mar-2026 12:00:00.123 SEVERE [main] a.b.C x`, record.Error, local(123)},
		{`SEVERE: x`, record.Error, none},
		{`Mar 01, 2026 12:00:00 PM a.b.C main`, 0, local(0)},
		// syslog
		{`<3>x`, record.Error, none},
		{`<165>1 2026-03-01T12:00:00.123Z host app 7 ID - x`, record.Info, utc},
		{`<11>Mar  1 12:00:00 host app[7]: x`, record.Error, yearless(3, 1, 12, 0, 0, 0)},
		{`Mar  1 12:00:00 combo sshd(pam_unix)[7]: authentication failure`, 0, yearless(3, 1, 12, 0, 0, 0)},
		{`Mar  1 12:00:00 combo app[7]: ERROR x`, record.Error, yearless(3, 1, 12, 0, 0, 0)},
		{`Mar  1 12:00:00 combo app[7]: error: x`, record.Error, yearless(3, 1, 12, 0, 0, 0)},
		// Python, structlog, Ruby, PHP
		{`WARNING:root:x`, record.Warn, none},
		{`2026-03-01 12:00:00,123 - app - CRITICAL - x`, record.Fatal, local(123)},
		{`2026-03-01 12:00:00,123 INFO app: ERROR`, record.Info, local(123)},
		{"\x1b[2m2026-03-01T12:00:00.123Z\x1b[0m [\x1b[31m\x1b[1merror    \x1b[0m] \x1b[1mx\x1b[0m", record.Error, utc},
		{`[2026-03-01 12:00:00,123: ERROR/MainProcess] x`, record.Error, local(123)},
		{`[2026-03-01 12:00:00,123: WARNING/ForkPoolWorker-1] ERROR`, record.Warn, local(123)},
		{`E, [2026-03-01T12:00:00.123456 #7] ERROR -- : x`, record.Error, local(123).Add(456 * time.Microsecond)},
		{`[2026-03-01T12:00:00.123+00:00] app.CRITICAL: x {"a":1} []`, record.Fatal, utc},
		{`[2026-03-01T12:00:00.123Z] x.y: z`, 0, utc},
		{`[01-Mar-2026 12:00:00 UTC] PHP Fatal error:  x`, 0, whole},
		// Go, Rust, Elixir, .NET, databases
		{"2026-03-01T12:00:00.123Z\terror\ta/b.go:1\tx", record.Error, utc},
		{`2026-03-01T12:00:00.123Z ERR x`, record.Error, utc},
		{"\x1b[2m2026-03-01T12:00:00.123Z\x1b[0m \x1b[33m WARN\x1b[0m app::db: x", record.Warn, utc},
		{`12:00:00.123 [error] x`, record.Error, none},
		{`[12:00:00 ERR] x`, record.Error, none},
		{`fail: a.B[0]`, record.Error, none},
		{`2026-03-01 12:00:00.123 UTC [7] FATAL:  x`, record.Fatal, utc},
		{`2026-03-01T12:00:00.123000Z 0 [Warning] [MY-1] x`, record.Warn, utc},
		{`2026-03-01 12:00:00.123 25746 WARNING nova.osapi [req-1] x`, record.Warn, local(123)},
		{`2026-03-01 12:00:00, Error                 CBS    x`, record.Error, local(0)},
		{`app_1  | ERROR x`, record.Error, none},
		{`1772366400.123    180 10.0.0.1 TCP_MISS/200`, 0, utc},
		// What a container runtime puts before a line.
		{`2026-03-01T12:00:00.123Z stderr F x`, 0, utc},
		{`2026-03-01T12:00:00.123Z stderr F {"level":"error","msg":"x"}`, record.Error, utc},
		{`2026-03-01T12:00:00.123Z stderr F [warn] x`, record.Warn, utc},
		// Leap second; no level in a message; no time in numbers.
		{`2016-12-31T23:59:60Z WARN x`, record.Warn, time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)},
		{`2026/03/01 12:00:00 error opening x`, 0, local(0)},
		{`no ERROR here`, 0, none},
		{`an error: none`, 0, none},
		{`http://x/ERROR`, 0, none},
		{`GET /x 500 ERROR`, 0, none},
		{`192.168.0.1 x`, 0, none},
		{`[`, 0, none},
		{`-`, 0, none},
		{"\x1b[", 0, none},
		{``, 0, none},
	} {
		head := record.Peek([]byte(tt.line))
		at := int64(0)
		if !tt.at.IsZero() {
			at = tt.at.UnixMilli()
		}
		if head.Level != tt.level || head.Time != at {
			t.Errorf("%q: %v at %v, want %v at %v", tt.line, head.Level, time.UnixMilli(head.Time).UTC(), tt.level, tt.at.UTC())
		}
		if r := record.Parse([]byte(tt.line)); r.Level != tt.level || !r.Time.Equal(tt.at) || r.Msg != tt.line {
			t.Errorf("%q is parsed as %+v", tt.line, r)
		}
	}
}

// A text that becomes a bunyan record has the level and the time that it states.
func TestTextBecomesBunyan(t *testing.T) {
	const line = "2026-03-01T12:00:00.123Z ERROR x"
	const want = `"level":50,"time":"2026-03-01T12:00:00.123Z","msg":"2026-03-01T12:00:00.123Z ERROR x"}`
	if got := string(record.Normalise(nil, []byte(line))); !strings.HasSuffix(got, want) {
		t.Errorf("normalised it is %s", got)
	}
	text, level := mapped.BeginText(nil, []byte(line), mappedAt)
	if got := string(mapped.EndText(mapped.AppendText(text, []byte(line)), 0, 0)); !strings.HasSuffix(got, want) || level != record.Error {
		t.Errorf("published it is %s, of level %v", got, level)
	}
	text, level = mapped.BeginText(nil, []byte("thread x"), mappedAt)
	mapped.SetTextLevel(text, record.Error)
	const failed = `"level":50,"time":"2026-03-01T12:00:00.000Z","msg":"thread x","cut":7,"part":2}`
	if got := string(mapped.EndText(mapped.AppendText(text, []byte("thread x")), 7, 2)); !strings.HasSuffix(got, failed) || level != 0 {
		t.Errorf("a trace becomes %s, of level %v", got, level)
	}
	const plain = `"level":30,"time":"2026-03-01T12:00:00.000Z","msg":"x"}`
	if got := string(record.NormaliseAt(nil, []byte("x"), mappedAt)); !strings.HasSuffix(got, plain) {
		t.Errorf("normalised it is %s", got)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"<3>x", "level=error a", "E0301 12:00:00.123456 x", "2026-03-01 12:00:00,123 - a - ERROR - x", "[a:error] x", "Mar  1 12:00:00 h a[1]: x", "\x1b[31mERROR\x1b[0m", `a="\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		head := record.Peek(data)
		r := record.Parse(data)
		if r.JSON {
			return
		}
		if data := strings.TrimLeft(string(data), " \t\r\n"); strings.HasPrefix(data, "{") {
			return // no object, that begins like one
		}
		at := int64(0)
		if !r.Time.IsZero() {
			at = r.Time.UnixMilli()
		}
		if head.Level != r.Level || head.Time != at {
			t.Fatalf("%q: the head is %+v, parsed it is %+v", data, head, r)
		}
		if out := record.NormaliseAt(nil, data, mappedAt); !record.IsLine(out) {
			t.Fatalf("%q becomes %q", data, out)
		}
	})
}

func BenchmarkPeekText(b *testing.B) {
	data := []byte(`2026-03-01T12:00:00.000Z INFO server/handler.go:42 request done: GET "/api/items/1" 200 in 12.5 ms`)
	b.ReportAllocs()
	for b.Loop() {
		record.Peek(data)
	}
}

// The most frequent form of a time, which is read at once, is read as its like are.
func TestFrequentTimes(t *testing.T) {
	for _, rest := range []string{
		"12:00:00", "12:00:00.123Z", "12:00:00,123 x", "23:59:60Z", "24:00:00", "12:60:00", "1a:00:00", "12:00:0", "12:00:00 PM", "11:00:00.5 AM",
		"12:00:00+02:00", "12:00:00 +0200 x", "12:00:00.123456789 UTC", "12:00:00:5", "12:00:00.", "12:00:001",
	} {
		for _, day := range []string{"2026-03-01", "2026-02-29", "2026-13-01", "2026-00-10", "0001-01-01", "202a-03-01", "2026-03-0x", "9999-12-31"} {
			want := record.Peek([]byte(day + "t" + rest))
			if got := record.Peek([]byte(day + "T" + rest)); got.Time != want.Time || got.Level != want.Level {
				t.Errorf("%sT%s is %+v, want %+v", day, rest, got, want)
			}
			if got := record.Peek([]byte(day + " " + rest)); got.Time != want.Time || got.Level != want.Level {
				t.Errorf("%s %s is %+v, want %+v", day, rest, got, want)
			}
		}
	}
}
