package syslog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
	"sluice/headless/collector/syslog"
)

var now = time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC)

func words(m syslog.Message) string {
	stamp := "-"
	if !m.Time.IsZero() {
		stamp = m.Time.UTC().Format(time.RFC3339Nano)
	}
	var data []string
	for _, e := range m.Data {
		data = append(data, fmt.Sprint(e))
	}
	return fmt.Sprintf("%s.%s %s host=%s app=%s pid=%s id=%s %s%q", m.Facility(), m.Severity(), stamp, m.Host, m.App, m.ProcID, m.MsgID, strings.Join(data, ""), m.Text)
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{
			"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf'su root' failed",
			`auth.crit 2003-10-11T22:14:15.003Z host=mymachine.example.com app=su pid= id=ID47 "'su root' failed"`,
		},
		{
			`<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - [exampleSDID@32473 iut="3" eventSource="a\"b\]c\\d\e"][x y="z"] text`,
			`local4.notice 2003-08-24T12:14:15.000003Z host=192.0.2.1 app=myproc pid=8710 id= {exampleSDID@32473 [{iut 3} {eventSource a"b]c\d\e}]}{x [{y z}]}"text"`,
		},
		{`<13>1 - - - - - -`, `user.notice - host= app= pid= id= ""`},
		{`<13>1 - - - - - [x]`, `user.notice - host= app= pid= id= {x []}""`},
		{"<13>1 - h a - - -  rsyslog's", `user.notice - host=h app=a pid= id= "rsyslog's"`},
		{"<13>1 - h a - - -   indented", `user.notice - host=h app=a pid= id= "  indented"`},
		{"<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed\n", `auth.crit 2025-10-11T22:14:15Z host=mymachine app=su pid=12 id= "'su root' failed"`},
		{"<13>Jan  1 00:29:59 h app: x", `user.notice 2026-01-01T00:29:59Z host=h app=app pid= id= "x"`},
		{"<13>Dec 31 23:59:59 h app: x", `user.notice 2025-12-31T23:59:59Z host=h app=app pid= id= "x"`},
		{"<13>Jan  1 00:00:00.123 h app: x", `user.notice 2026-01-01T00:00:00.123Z host=h app=app pid= id= "x"`},
		{"<13>Jan  1 2024 00:00:00: h app: x", `user.notice 2024-01-01T00:00:00Z host=h app=app pid= id= "x"`},
		{"<13>2026-01-01T00:00:00.5+01:00 h app[7]: x", `user.notice 2025-12-31T23:00:00.5Z host=h app=app pid=7 id= "x"`},
		{"<13>Jan  1 00:00:00 app[7]: no host", `user.notice 2026-01-01T00:00:00Z host= app=app pid=7 id= "no host"`},
		{"<13>Jan  1 00:00:00 h no tag at all", `user.notice 2026-01-01T00:00:00Z host=h app= pid= id= "no tag at all"`},
		{"<30>systemd[1]: Started x.", `daemon.info - host= app=systemd pid=1 id= "Started x."`},
		{"<189>29: *Mar  1 18:46:11.5 UTC: %SYS-5-CONFIG_I: Configured", `local7.notice 2026-03-01T18:46:11.5Z host= app=%SYS-5-CONFIG_I pid= id= "Configured"`},
		{"<22>Jan  1 00:00:00 mx postfix/smtpd[3]: connect from x[1.2.3.4]", `mail.info 2026-01-01T00:00:00Z host=mx app=postfix/smtpd pid=3 id= "connect from x[1.2.3.4]"`},
		{"<13>Jan  1 00:00:00 fe80::1%eth0 app: x", `user.notice 2026-01-01T00:00:00Z host=fe80::1%eth0 app=app pid= id= "x"`},
		{"<13>just text", `user.notice - host= app= pid= id= "just text"`},
		{"no priority", `user.notice - host= app= pid= id= "no priority"`},
		{"<192>x: y", `user.notice - host= app= pid= id= "<192>x: y"`},
		{"<-1>x", `user.notice - host= app= pid= id= "<-1>x"`},
		{"<>", `user.notice - host= app= pid= id= "<>"`},
		{"", `user.notice - host= app= pid= id= ""`},
		{"<13>1 yesterday h a - - - x", `user.notice - host= app= pid= id= "1 yesterday h a - - - x"`},
		{`<13>1 - h a - - [x y="z x`, `user.notice - host= app= pid= id= "1 - h a - - [x y=\"z x"`},
	} {
		if got := words(syslog.Parse([]byte(tt.in), now)); got != tt.want {
			t.Errorf("%q is\n%s, expected\n%s", tt.in, got, tt.want)
		}
	}
}

func TestLeapDay(t *testing.T) {
	m := syslog.Parse([]byte("<13>Feb 29 00:00:00 h a: x"), time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	if got := m.Time.Format(time.DateOnly); got != "2024-02-29" {
		t.Errorf("it is %s", got)
	}
}

func TestAppendRecord(t *testing.T) {
	from := syslog.Origin{Host: "peer", Came: now}
	for in, want := range map[string]string{
		`<11>1 2026-01-01T00:00:00.5Z h a x7 ID [e k="v" msg="q"][msg a="b"][e k="w"] text`: `{"v":0,"name":"a","hostname":"h","pid":0,"level":50,"time":"2026-01-01T00:00:00.500Z","msg":"text","facility":"user","procid":"x7","msgid":"ID","e":{"k":"v","msg":"q"},"fields.msg":{"a":"b"}}`,
		`<86>sshd[7]: x`: `{"v":0,"name":"sshd","hostname":"peer","pid":7,"level":30,"time":"2026-01-01T00:30:00.000Z","msg":"x","facility":"authpriv"}`,
		`<12>a: @cee: {"msg":"inner","facility":"mine"} `: `{"msg":"inner","facility":"mine","name":"a","hostname":"peer","pid":0,"level":40,"time":"2026-01-01T00:30:00.000Z"}`,
		`<12>a: {"level":"error"}`:                        `{"level":"error","name":"a","hostname":"peer","pid":0,"time":"2026-01-01T00:30:00.000Z","facility":"user"}`,
		`<12>a: {}`:                                       `{"v":0,"name":"a","hostname":"peer","pid":0,"level":40,"time":"2026-01-01T00:30:00.000Z","facility":"user"}`,
		`<12>a: {"broken`:                                 `{"v":0,"name":"a","hostname":"peer","pid":0,"level":40,"time":"2026-01-01T00:30:00.000Z","msg":"{\"broken","facility":"user"}`,
	} {
		m := syslog.Parse([]byte(in), now)
		if got := string(m.AppendRecord(nil, from)); got != want {
			t.Errorf("%s is\n%s, expected\n%s", in, got, want)
		}
	}
}

// Whatever comes is one valid record, with bunyan's fields, and all of the text that
// is no header.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - [x@1 a="b\]"] text`))
	f.Add([]byte("<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed\n"))
	f.Add([]byte(`<12>a: @cee: {"msg":"inner","level":{}}`))
	f.Add([]byte("<189>29: *Mar  1 18:46:11.5 UTC: %SYS-5-CONFIG_I: Configured"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := syslog.Parse(data, now)
		if len(m.Text) > len(data) || m.Priority < 0 || m.Priority > 191 {
			t.Fatalf("%+v", m)
		}
		rec := m.AppendRecord(nil, syslog.Origin{Host: "peer", Came: now})
		if !jsonscan.ValidObject(rec) {
			t.Fatalf("%q is no object", rec)
		}
		if out, form := record.NewBunyan("x", "y").AppendObject(nil, rec, now); form == record.FormText || record.Parse(out).Time.IsZero() {
			t.Errorf("%q became %q", rec, out)
		}
	})
}
