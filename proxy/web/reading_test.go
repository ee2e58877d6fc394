package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/internal/foreign"
	"sluice/tui/find"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// inNode runs a module of JavaScript that may import parts of the page and has input,
// and reads what it prints.
func inNode(t *testing.T, module string, input, output any) {
	t.Helper()
	foreign.Need(t, "nodejs")
	page, err := filepath.Abs("page")
	if err != nil {
		t.Fatal(err)
	}
	in, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	// Parts of the page are modules, which node would not take them for by their names.
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(page)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"type":"module"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "test.js"), []byte("import { readFileSync } from 'node:fs';\nconst input = JSON.parse(readFileSync(0, 'utf8'));\n"+module), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "node", filepath.Join(dir, "test.js"))
	c.Stdin, c.Stderr = bytes.NewReader(in), &bytes.Buffer{}
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, c.Stderr)
	}
	if err := json.Unmarshal(out, output); err != nil {
		t.Fatalf("%v: %.500s", err, out)
	}
}

// cells returns the cells of the rows of a table in docs/records.md.
func cells(t *testing.T, table string) (all [][]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/records.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "<!-- "+table+" -->\n")
	rest, _, _ = strings.Cut(rest, "<!-- end of "+table+" -->")
	for line := range strings.Lines(rest) {
		if row := strings.Split(strings.Trim(line, "|\n "), "|"); len(row) > 1 && !strings.HasPrefix(row[0], "---") {
			all = append(all, row)
		}
	}
	if len(all) < 5 {
		t.Fatalf("the table %s is %q", table, all)
	}
	return all[1:]
}

// samples are records whose level, time, message and names stand under every name and in
// every word that docs/records.md has.
func samples(t *testing.T) (list []string) {
	values := map[string][]string{
		"time": {`"2026-03-01T12:00:00.5Z"`, `"2026-03-01 12:00:00,500+0100"`, `1772366400`, `"1772366400123"`, `1772366400123456789`, `1e3`, `true`},
		"level": {
			`"warn"`, `"ERROR"`, `" [Info] "`, `"INFO+2"`, `"DEBUG1"`, `"lvl35"`, `"\u001b[31merror\u001b[0m"`, `3`, `7`, `30`, `"50"`, `300`, `17`,
			`"BOOM"`, `""`, `null`, `[]`, `{}`, `{"levelStr":"WARN"}`, `9`, `-1`, `30.0`, `3.5`, `100000`,
		},
	}
	backticked := regexp.MustCompile("`([^`]+)`")
	for _, row := range cells(t, "names") {
		role, name := strings.Fields(row[0])[0], backticked.FindStringSubmatch(row[1])[1]
		texts := values[role]
		if texts == nil {
			texts = []string{`"text"`, `7`, `"7"`, `{"a":1}`}
		}
		for _, value := range texts {
			field := fmt.Sprintf("%q:%s", name, value)
			list = append(list, "{"+field+"}", `{"v":0,"x":1,`+field+"}", `{"eventMessage":"m","short_message":"s",`+field+"}")
			if head, tail, dotted := strings.Cut(name, "."); dotted {
				list = append(list, fmt.Sprintf(`{%q:{%q:%s},"a.b":1}`, head, tail, value))
			}
			list = append(list, "{"+strings.ToUpper(fmt.Sprintf("%q", name))+":"+value+"}")
		}
	}
	for _, row := range cells(t, "words") {
		for _, m := range backticked.FindAllStringSubmatch(row[1], -1) {
			list = append(list, fmt.Sprintf(`{"level":%q,"msg":"m"}`, m[1]))
		}
	}
	for _, row := range cells(t, "numbers") {
		names := []string{"level"}
		if found := backticked.FindAllStringSubmatch(row[0], -1); found != nil && !strings.Contains(row[0], "GELF") {
			names = nil
			for _, m := range found {
				names = append(names, m[1])
			}
		}
		for _, number := range regexp.MustCompile(`\d+`).FindAllString(strings.Join(row[1:], " "), -1) {
			for _, name := range names {
				list = append(list, fmt.Sprintf(`{%q:%s,"msg":"m"}`, name, number), fmt.Sprintf(`{%q:%q,"short_message":"m"}`, name, number))
			}
		}
	}
	return list
}

// The page reads records as all else in Sluice does.
func TestRecordsAreReadAlike(t *testing.T) {
	list := samples(t)
	var got []struct {
		Level                int
		Time                 *float64
		Msg, Name, Host, PID string
		Fields               []string
	}
	inNode(t, `
import { parse } from "./json.js";
import { peek, understand } from "./reading.js";
console.log(JSON.stringify(input.map((raw) => {
  const head = peek(parse(raw)), r = understand(parse(raw));
  return { Level: head.level, Time: head.time, Msg: r.msg, Name: r.name, Host: r.hostname, PID: r.pid, Fields: r.fields.map((f) => f[0]) };
})));`, list, &got)
	for i, raw := range list {
		want, r := record.Parse([]byte(raw)), got[i]
		level := int(want.Level)
		if want.Level == record.Unknown {
			level = -1
		}
		if r.Level != level {
			t.Errorf("%s has the level %d on the page, and %d elsewhere", raw, r.Level, level)
		}
		switch {
		case (r.Time == nil) != want.Time.IsZero():
			t.Errorf("%s has the time %v on the page, and %v elsewhere", raw, r.Time, want.Time)
		case r.Time != nil && int64(*r.Time) != want.Time.UnixMilli():
			t.Errorf("%s is of %d on the page, and of %d elsewhere", raw, int64(*r.Time), want.Time.UnixMilli())
		}
		pid := ""
		if want.PID != 0 {
			pid = strconv.Itoa(want.PID)
		}
		if r.Msg != want.Msg || r.Name != want.Name || r.Host != want.Hostname || r.PID != pid {
			t.Errorf("%s says %+v on the page, and %+v elsewhere", raw, r, want)
		}
		var fields []string
		for _, f := range want.Fields {
			fields = append(fields, f.Key)
		}
		slices.Sort(fields)
		slices.Sort(r.Fields)
		if !slices.Equal(r.Fields, fields) {
			t.Errorf("%s has the fields %q on the page, and %q elsewhere", raw, r.Fields, fields)
		}
	}
}

// hostile are texts that have to be made visible, and what is near them.
var hostile = []string{
	"plain", "\x00\x1b[31m\n\t\r\x7f\u0080\u009b\u00a0", "\u202e\u2066\u200f\u061c\u2028\ufff9\U000e0041", "שלום 👩‍👩 é́ 日本", "", "a\ufffdb",
}

func TestTextIsMadeSafeAlike(t *testing.T) {
	var got []string
	inNode(t, `
import { safe } from "./safe.js";
console.log(JSON.stringify(input.map(safe)));`, hostile, &got)
	for i, text := range hostile {
		if want := record.Safe(text); got[i] != want {
			t.Errorf("%q is %q on the page, and %q elsewhere", text, got[i], want)
		}
	}
}

func TestNamesAreFoundAlike(t *testing.T) {
	type pair struct{ Pattern, Name string }
	var list []pair
	for _, name := range []string{"system", "system/scheduler", "tenant/acme", "tenant/acme-staging", "Tenant.A_c-m/e", "aaa", "abcabc/abc"} {
		for _, pattern := range []string{"a", "ten", "acme", "tas", "s/s", "system/schedulerx", "aaaa", "abc", "ca", "ACME"} {
			list = append(list, pair{pattern, name})
		}
	}
	var got []*int
	inNode(t, `
import { letters } from "./fuzzy.js";
console.log(JSON.stringify(input.map((p) => letters(p.Pattern.toLowerCase(), p.Name.toLowerCase())))); // -Infinity is null`, list, &got)
	for i, p := range list {
		score, ok := find.NewFuzzy(p.Pattern).Score(p.Name)
		if ok != (got[i] != nil) || ok && *got[i] != score {
			t.Errorf("%q in %q is %v on the page, and %d, %v in the client", p.Pattern, p.Name, got[i], score, ok)
		}
	}
}

// Rows say, and filters choose, what they do in the client.
func TestRowsAndFiltersAreAlike(t *testing.T) {
	records := []string{
		`{"v":0,"name":"web","component":"db","hostname":"vm-1","pid":7,"level":50,"time":"2026-03-01T12:00:00.000Z","msg":"boom\nbang\tx","n":12345678901234567890,"f":1.50,"err":{"name":"E","message":"bad"},"e":"","b":"a b","l":[1,"x",[2]],"o":{"p":{"q":"z"}}}`,
		`{"v":0,"name":"web","level":30,"msg":"GET /a 200 5ms","req":{"method":"GET","url":"/a"},"res":{"statusCode":200}}`,
		`{"v":0,"level":40,"msg":"x","req":{"method":"GET","url":"/a"},"res":{"statusCode":500},"status":"500"}`,
		`{"ts":1772366400.5,"level":"error","logger":"http","message":"boom","error":"e","n":1}`,
		`{"level":"BOOM","msg":"Boom"}`, `{"msg":"no level","a.b":"dots","ok":true,"nil":null}`, `{}`, `{"msg":""}`,
	}
	filters := []string{
		"boom", "Boom", "-boom", "!boom", `"a b"`, "/bo+m/", "/B/", "n>5", "n<5", "n=12345678901234567890", "f=1.5", "f=1.50", "level>=warn", "level<warn", "level=unknown",
		"level!=error", "level~err", "msg=x", "msg=boom", "name=web", "hostname=vm-1", "pid=7", "req.url~^/a", "req.url!~^/a", "l=x", "l=2", "o.p.q=z", "o.p~z", "a.b=dots",
		"ok=true", "nil=null", `e=""`, "status>=500", "res.statusCode>=500", "missing=1", "missing!=1", "boom n>0 -x", "/a", "stream=s", "/a\\/b/", "/(?i)BOOM/", `/b\-|b\w+m/`, "msg~(?i)^BOOM$", "-", "web/db", "component=db",
	}
	var got struct {
		Rows   []struct{ Body, Label string }
		Passes [][]int
	}
	inNode(t, `
import { rowText, onScreen } from "./rowtext.js";
import { Test } from "./query.js";
import { peek } from "./reading.js";
console.log(JSON.stringify({
  Rows: input.records.map((raw) => { const r = rowText(raw, onScreen); return { Body: r.body, Label: r.label }; }),
  Passes: input.filters.map((filter) => { const t = new Test({ filter, stream: "s" }); return input.records.map((raw) => t.of(raw, peek(JSON.parse(raw)).level)); }),
}));`, map[string]any{"records": records, "filters": filters}, &got)
	for i, raw := range records {
		head := record.Peek([]byte(raw))
		entry := rows.Entry{Level: int16(head.Level)}
		want := rowtext.Of(&entry, []byte(raw), rowtext.OnScreen)
		if got.Rows[i].Body != want.Body || got.Rows[i].Label != want.Label {
			t.Errorf("%s says %q on the page, and %q, %q in the client", raw, got.Rows[i], want.Body, want.Label)
		}
		for j, filter := range filters {
			terms, err := query.Parse(filter)
			if err != nil {
				t.Fatal(err)
			}
			passes := 1
			for _, term := range terms {
				if term.Pattern != nil && (term.Pattern.Regexp.MatchString(want.Body) || term.Pattern.Regexp.MatchString(want.Label)) == term.Not ||
					term.Pattern == nil && !term.Match(&query.Record{Data: []byte(raw), Level: head.Level, Stream: "s"}) {
					passes = 0
				}
			}
			if got.Passes[j][i] != passes {
				t.Errorf("%s: the filter %s gives %d on the page, and %d in the client", raw, filter, got.Passes[j][i], passes)
			}
		}
	}
}

// A filter that is none is refused by both.
func TestBadFiltersAreRefusedAlike(t *testing.T) {
	filters := []string{`"open`, `""`, "//", "a=", "level=boom", "/(/", `"a"b`, strings.Repeat("a ", 33), "level~(", "x>"}
	var got []string
	inNode(t, `
import { parse } from "./query.js";
console.log(JSON.stringify(input.map((f) => { try { parse(f); return ""; } catch (err) { return err.message; } })));`, filters, &got)
	for i, filter := range filters {
		if _, err := query.Parse(filter); err == nil || got[i] == "" {
			t.Errorf("%q is refused by the page with %q, and by the client with %v", filter, got[i], err)
		}
	}
}
