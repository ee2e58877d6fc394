package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/names"
)

// Whatever a record is, it can be read, shown and filtered: an exception would stop the list
// that it stands in.
func TestNoRecordIsTooOdd(t *testing.T) {
	var got struct {
		Tried  int
		Failed []string
	}
	inNode(t, `
import { readFileSync as read } from "node:fs";
import { rowText, onScreen } from "./rowtext.js";
import { Test } from "./query.js";
import { peek, understand } from "./reading.js";
const roles = [...read(new URL("reading.js", import.meta.url), "utf8").match(/const names = \{[^]*?\n\};/)[0].matchAll(/"([^"]+)"/g)].map((m) => m[1]);
const deep = (open, close, n) => open.repeat(n) + "1" + close.repeat(n);
const values = ["null", "true", "[]", "{}", "-0", "1e999", "-1", "8.64e15", "8.65e15", "1e300", "99999999999999999999999", '""', '"\\ud800"', '"x"', "[[]]",
  '{"toString":1,"valueOf":2}', '{"toString":null}', '{"__proto__":{"toString":1}}', '{"constructor":1}', '{"name":{"name":1}}', '{"levelStr":{"a":1}}',
  '{"epochSecond":{"valueOf":1}}', '{"epochSecond":1e300,"nanoOfSecond":[]}', '{"$date":{"$date":1}}', '{"timestamp":{"toString":1}}', '{"message":1,"stack":{}}',
  '"+275760-09-13T00:00:00.000Z"', '"' + "\\u0000".repeat(9) + '"', '"' + "9".repeat(400) + '"'];
const depths = [deep('{"$date":', "}", 20000), deep('{"timestamp":', "}", 20000), deep("[", "]", 20000)];
const tests = ["time>2020 -x", "pid=1 msg~a", "level>=warn", "a.b.c=1", "/a+/"].map((filter) => new Test({ filter, search: "a" }));
const failed = [];
let tried = 0;
const attempt = (raw) => {
  tried++;
  try {
    const record = JSON.parse(raw);
    if (record !== null) peek(record);
    rowText(raw, onScreen);
    if (typeof record === "object" && record !== null && !Array.isArray(record)) {
      understand(record);
      const { time } = peek(record);
      if (!Number.isNaN(time)) new Date(time + 14 * 3600e3).toISOString();
    }
    tests[tried % tests.length].of(raw, 30);
  } catch (err) { failed.push(raw.slice(0, 100) + ": " + err.message); }
};
for (const v of [...values, ...depths]) attempt(v);
for (const role of ["time", "level", "pid", "msg", "err", "x"]) for (const v of depths) attempt('{"' + role + '":' + v + "}");
for (const role of roles) for (const v of values) {
  attempt('{"v":0,"level":30,' + JSON.stringify(role) + ":" + v + "}");
  if (role.includes(".")) attempt('{' + role.split(".").map((p) => JSON.stringify(p) + ":").join("{") + v + "}".repeat(role.split(".").length));
}
console.log(JSON.stringify({ Tried: tried, Failed: failed }));`, nil, &got)
	if got.Tried < 2000 || len(got.Failed) > 0 {
		t.Errorf("of %d records, %d cannot be read: %q", got.Tried, len(got.Failed), got.Failed[:min(len(got.Failed), 10)])
	}
}

// Lists of streams and patterns mean what they mean elsewhere.
func TestStreamsAreNamedAlike(t *testing.T) {
	lists := []string{"system", "system+tenant/*", `a\+b+c`, "a+a+b", `a\*b+c`, "tenant/**+?", "日本+שלום"}
	patterns := []string{"tenant/*", "**", "*", "?", "a?c", "tenant/**/x", `a\*c`, `a\\c`, "a**c", "a*c*", "system", "日?"}
	list := []string{"tenant/acme", "tenant/acme/x", "system", "a", "abc", "a*c", `a\c`, "a/c", "日本", "", "ac", "axxcyy"}
	var got struct {
		Split   [][]string
		Joined  []string
		Match   [][]bool
		Literal []*string
		Quoted  []string
		Sources []struct {
			Address string
			Many    bool
		}
	}
	addresses := []string{"system", "tenant/a b", "tenant/*", "a+b", "../streams", "a//b", `a\*b`, "."}
	inNode(t, `
import { split, join, literal, Pattern, quote, sourceOf } from "./names.js";
console.log(JSON.stringify({
  Split: input.lists.map(split), Joined: input.lists.map((l) => join(split(l))),
  Match: input.patterns.map((p) => { const m = new Pattern(p); return input.names.map((n) => m.match(n)); }),
  Literal: input.patterns.map(literal), Quoted: input.names.map((n) => literal(quote(n))),
  Sources: input.addresses.map((a) => { const { address, many } = sourceOf(a, 5); return { Address: address, Many: many }; }),
}));`, map[string]any{"lists": lists, "patterns": patterns, "names": list, "addresses": addresses}, &got)
	for i, l := range lists {
		if want := names.Split(l); !slices.Equal(got.Split[i], want) || names.Join(want) != got.Joined[i] {
			t.Errorf("%q is %q and %q on the page, and %q elsewhere", l, got.Split[i], got.Joined[i], want)
		}
	}
	for i, p := range patterns {
		pattern, err := names.ParsePattern(p)
		if err != nil {
			t.Fatal(err)
		}
		for j, name := range list {
			if want := pattern.Match(name); got.Match[i][j] != want {
				t.Errorf("%q matches %q: %v on the page, and %v elsewhere", p, name, got.Match[i][j], want)
			}
		}
		if isName := !strings.ContainsAny(strings.NewReplacer(`\*`, "", `\\`, "").Replace(p), "*?"); isName != (got.Literal[i] != nil) {
			t.Errorf("%q means the name %v", p, got.Literal[i])
		}
	}
	if !slices.Equal(got.Quoted, list) {
		t.Errorf("quoted names mean %q, and are %q", got.Quoted, list)
	}
	for i, want := range []struct {
		address string
		many    bool
	}{
		{"api/logs/system?last=5", false},
		{"api/logs/tenant/a%20b?last=5", false},
		{"api/logs?stream=tenant%2F*&last=5", true},
		{"api/logs?stream=a&stream=b&last=5", true},
		{"api/logs?stream=..%2Fstreams&last=5", true},
		{"api/logs?stream=a%2F%2Fb&last=5", true},
		{"api/logs/a*b?last=5", false},
		{"api/logs?stream=.&last=5", true},
	} {
		if s := got.Sources[i]; s.Address != want.address || s.Many != want.many {
			t.Errorf("%q is read at %q, %v", addresses[i], s.Address, s.Many)
		}
	}
}

// The state of a consolidator is the worst that any stream has there, and a change is told
// once, however many streams notice it.
func TestStatesOfManyStreamsAreOne(t *testing.T) {
	type event struct {
		N            int     `json:"n"`
		Stream       string  `json:"stream"`
		Consolidator string  `json:"consolidator"`
		State        string  `json:"state"`
		Away         float64 `json:"away,omitempty"`
		Back         string  `json:"back,omitempty"`
	}
	events := []event{
		{1, "a", "vm-1", "live", 0, ""},
		{1, "b", "vm-1", "connecting", 0, ""},
		{2, "b", "vm-1", "live", 0, ""},
		{3, "a", "vm-1", "lost", 0, ""},
		{3, "b", "vm-1", "lost", 0, ""},
		{2, "a", "vm-1", "live", 0, ""}, // the last is older
		{4, "a", "vm-1", "live", 0, ""},
		{4, "b", "vm-1", "live", 0, ""},
		{5, "a", "vm-1", "live", 3, "x"},
		{5, "b", "vm-1", "live", 3, "x"},
		{6, "b", "vm-1", "odd", 0, ""},
	}
	var got [][2]string
	inNode(t, `
import { Sources } from "./sources.js";
const s = new Sources();
console.log(JSON.stringify(input.map((e) => [s.note(e).text, s.list.map((l) => l.state).join()])));`, events, &got)
	away := "vm-1 was away 3 s; what its publishers dropped meanwhile is unknown"
	for i, want := range [][2]string{
		{"", "live"},
		{"", "connecting"},
		{"", "live"},
		{"vm-1 is lost; the proxy tries again", "lost"},
		{"", "lost"},
		{"", "lost"},
		{"", "lost"},
		{"vm-1 is back", "live"},
		{away, "live"},
		{"", "live"},
		{"", "odd"},
	} {
		if got[i] != want {
			t.Errorf("after %v it says %q, want %q", events[i], got[i], want)
		}
	}
}

// A reader that waits between small pieces keeps up, one that never waits does not; and
// times are the proxy's, whatever the clock of the machine says.
func TestPaceAndClock(t *testing.T) {
	var got struct {
		Drops, Full, Rests bool
		Times              []float64
	}
	inNode(t, `
import { Pace } from "./pace.js";
import { Clock } from "./clock.js";
const run = (step, wait, size, from = 0, pace = new Pace(from)) => {
  let behind = false;
  for (let now = from; now < from + 2000; now += step) behind = pace.behind(now - wait, now, size);
  return { behind, pace };
};
const full = run(1, 0.5, 65536);
let wall = 1e12, ticks = 0;
const clock = new Clock(() => wall, () => ticks), times = [];
const note = () => times.push(clock.now - 1e12, clock.ahead);
note();
clock.learn(NaN); clock.learn(1e12 - 1000); note(); // agrees, as far as one can say
clock.learn(1e12 - 3600_000); note(); // the machine is an hour ahead
ticks += 1000; wall -= 7200_000; note(); // somebody sets it
clock.learn(1e12 + 800); note(); // and the proxy's is right now
console.log(JSON.stringify({ Drops: run(1, 0.5, 300).behind, Full: full.behind, Rests: run(1, 3, 65536, 2000, full.pace).behind, Times: times }));`, nil, &got)
	if got.Drops || !got.Full || got.Rests {
		t.Errorf("who reads small pieces is behind: %v, full ones: %v, who waits: %v", got.Drops, got.Full, got.Rests)
	}
	if want := []float64{0, 0, 0, 0, -3600_000 + 500, 3600_000 - 500, -3600_000 + 1500, 3600_000 - 500, 1000, 0}; !slices.Equal(got.Times, want) {
		t.Errorf("the times are %v, want %v", got.Times, want)
	}
}

// A row of another day than today says so.
func TestRowsOfOtherDaysSayTheirDate(t *testing.T) {
	var got []string
	inNode(t, `
import { rowTime } from "./rowtime.js";
const today = new Date(2026, 2, 4, 12);
console.log(JSON.stringify([[2026, 2, 4, 0, 0, 0, 7], [2026, 2, 3, 23, 59, 59, 999], [2025, 2, 4, 12], [2026, 11, 31]].map((t) => rowTime(new Date(...t).getTime(), today)).concat(rowTime(NaN, today))));`, nil, &got)
	if want := []string{"00:00:00.007", "03-03 23:59:59.999", "2025-03-04 12:00:00.000", "12-31 00:00:00.000", ""}; !slices.Equal(got, want) {
		t.Errorf("the times are %q, want %q", got, want)
	}
}

// Times are read as people write them, and nothing else is taken for one.
func TestTimesAsPeopleWriteThem(t *testing.T) {
	var got map[string]*int64
	inNode(t, `
import { parse } from "./moment.js";
const now = Date.parse("2026-03-02T12:00:00Z");
const all = ["15m", "2h ago", "1.5d", "1w", "11:30", "11:30:15", "12:30", "2026-03-01", "2026-03-01 08:00", "2026-03-01T08:00:15.5Z", "2026-03-01 08:00+02:00",
  "", "x", "-2h", "2y", "24:00", "11:60", "2026-13-01", "2026-03-01 25:00", "1e9", "now"];
console.log(JSON.stringify(Object.fromEntries(all.map((text) => [text, parse(text, now)]))));`, nil, &got)
	at := func(hours float64) int64 {
		return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Add(time.Duration(hours * float64(time.Hour))).UnixMilli()
	}
	for text, want := range map[string]int64{
		"15m": at(-0.25), "2h ago": at(-2), "1.5d": at(-36), "1w": at(-168), "11:30": at(-0.5), "11:30:15": at(-0.5) + 15_000, "12:30": at(-23.5),
		"2026-03-01": at(-36), "2026-03-01 08:00": at(-28), "2026-03-01T08:00:15.5Z": at(-28) + 15_500, "2026-03-01 08:00+02:00": at(-30),
	} {
		if got[text] == nil || *got[text] != want {
			t.Errorf("%q is %v, want %d", text, got[text], want)
		}
		delete(got, text)
	}
	for text, ms := range got {
		if ms != nil {
			t.Errorf("%q is %d", text, *ms)
		}
	}
}
