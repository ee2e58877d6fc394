package moment_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/cluster/moment"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

func until(text string) func() (time.Time, error) {
	return func() (time.Time, error) { return at(text), nil }
}

// When looked at: a Wednesday and the two days before it; the cursor is on Tuesday.
var frame = moment.Frame{
	Now: at("2026-03-04T12:00:00Z"), First: at("2026-03-02T06:00:00Z"), Last: until("2026-03-04T11:30:00Z"),
	Here: at("2026-03-03T07:00:00Z"),
}

func TestMoments(t *testing.T) {
	for text, want := range map[string]string{
		"2026-03-01T14:05:06Z":           "2026-03-01T14:05:06Z",
		"2026-03-01T14:05:06.25+01:00":   "2026-03-01T13:05:06.25Z",
		"2026-03-01 14:05:06,25":         "2026-03-01T14:05:06.25Z",
		"2026-03-01 14:05 +0100":         "2026-03-01T13:05:00Z",
		"2026-03-01 14:05 UTC":           "2026-03-01T14:05:00Z",
		"2026-03-01t14:05z":              "2026-03-01T14:05:00Z",
		"2026-03-01":                     "2026-03-01T00:00:00Z",
		"2026/03/01 4:05":                "2026-03-01T04:05:00Z",
		"20260301T140506Z":               "2026-03-01T14:05:06Z",
		"20260301 1405":                  "2026-03-01T14:05:00Z",
		"1 Mar 2026":                     "2026-03-01T00:00:00Z",
		"february 1, 2026 14:05":         "2026-02-01T14:05:00Z",
		"14:05 1 march 2026":             "2026-03-01T14:05:00Z",
		"0001-01-01":                     "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999999999Z": "9999-12-31T23:59:59.999999999Z",
		"2024-02-29":                     "2024-02-29T00:00:00Z",
		"  08:53 ":                       "2026-03-03T08:53:00Z",
		"06:30":                          "2026-03-03T06:30:00Z",
		"05:00":                          "2026-03-03T05:00:00Z",
		"20:00":                          "2026-03-02T20:00:00Z",
		"08:53:00.5":                     "2026-03-03T08:53:00.5Z",
		"08:53+01:00":                    "2026-03-03T07:53:00Z",
		"08:53 Z":                        "2026-03-03T08:53:00Z",
		"mon 14:00":                      "2026-03-02T14:00:00Z",
		"14:00 Monday":                   "2026-03-02T14:00:00Z",
		"tue":                            "2026-03-03T00:00:00Z",
		"Thurs":                          "2026-03-05T00:00:00Z",
		"sun 23:00":                      "2026-03-01T23:00:00Z",
		"Mar 3":                          "2026-03-03T00:00:00Z",
		"3 mar 09:00":                    "2026-03-03T09:00:00Z",
		"03-04 09:00":                    "2026-03-04T09:00:00Z",
		"12-31 23:59":                    "2025-12-31T23:59:00Z",
		"feb 29":                         "2028-02-29T00:00:00Z",
		"today":                          "2026-03-04T00:00:00Z",
		"Yesterday 14:05":                "2026-03-03T14:05:00Z",
		"tomorrow":                       "2026-03-05T00:00:00Z",
		"-2h":                            "2026-03-04T09:30:00Z",
		"2h":                             "2026-03-04T09:30:00Z",
		"1d":                             "2026-03-03T11:30:00Z",
		"-1.5h":                          "2026-03-04T10:00:00Z",
		"-1d12h30m":                      "2026-03-02T23:00:00Z",
		"2 weeks":                        "2026-02-18T11:30:00Z",
		"90 min":                         "2026-03-04T10:00:00Z",
		"-500ms":                         "2026-03-04T11:29:59.5Z",
		"+5m":                            "2026-03-03T07:05:00Z",
		"+ 1 day":                        "2026-03-04T07:00:00Z",
		"+0s":                            "2026-03-03T07:00:00Z",
	} {
		m, err := moment.Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got, err := m.In(frame); err != nil || !got.Equal(at(want)) {
			t.Errorf("%q is %v, %v, want %s", text, got.UTC().Format(time.RFC3339Nano), err, want)
		}
		if m.IsZero() || m.Ahead() != strings.HasPrefix(text, "+") {
			t.Errorf("%q: zero %v, ahead %v", text, m.IsZero(), m.Ahead())
		}
	}
}

// Each says what is wrong, and what to write instead.
func TestNoMoments(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "write 14:05",
		" ":                     "write 14:05",
		"noon":                  "write 14:05",
		"half past":             `"half past" is no time: write 14:05, mon 14:00, yesterday`,
		"14":                    "write 14:05",
		"25:00":                 "from 00:00 to 23:59",
		"12:61":                 "from 00:00 to 23:59",
		"12:00:61":              "from 00:00 to 23:59",
		"24:00":                 "from 00:00 to 23:59",
		"12:00 13:00":           "two times of day",
		"12:00 Mars":            "write 14:05",
		"12:00CET":              "as Z, UTC or +01:00",
		"2026-13-01":            "the calendar has no 2026-13-01",
		"2026-02-29":            "the calendar has no 2026-02-29",
		"20260231T120000Z":      "the calendar has no 20260231",
		"02-30":                 "the calendar has no 02-30",
		"0000-01-01":            "years are 1 to 9999",
		"mon tue":               "write 14:05",
		"mondays":               "write 14:05",
		"--5m":                  "a span of time such as 90s",
		"+-5m":                  "a span of time such as 90s",
		"+":                     "a span of time such as 90s",
		"-5":                    "5 has no unit",
		"-5 fortnights":         `"fortnights" is no unit`,
		"-1.2.3h":               "a span of time such as 90s",
		"-20000w":               "longer than 10000 weeks",
		"-1e3h":                 `"e3h" is no unit`,
		strings.Repeat("1", 65): "65 bytes",
		"tcp://127.0.0.1:5551":  "write 14:05",
	} {
		if m, err := moment.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v, want %q", text, m, err, want)
		}
	}
}

// With little in sight, the nearest is looked for outside it, and not in the future
// where nothing can be.
func TestNearestOutsideOfWhatIsShown(t *testing.T) {
	minute := moment.Frame{
		Now: at("2026-03-04T20:56:30Z"), First: at("2026-03-04T20:55:00Z"), Last: until("2026-03-04T20:56:00Z"),
		Limit: at("2026-03-04T20:56:30Z"),
	}
	for text, want := range map[string]string{
		"20:50": "2026-03-04T20:50:00Z",
		"08:54": "2026-03-04T08:54:00Z", // tomorrow's would be nearer
		"20:57": "2026-03-03T20:57:00Z", // it is still to come
		"wed":   "2026-03-04T00:00:00Z",
		"thu":   "2026-02-26T00:00:00Z",
	} {
		m, err := moment.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := m.In(minute); err != nil || !got.Equal(at(want)) {
			t.Errorf("%q is %v, %v, want %s", text, got, err, want)
		}
	}
}

// Of a command line: before now, and the end after the beginning.
func TestBeginningAndEnd(t *testing.T) {
	now := at("2026-03-04T12:00:00Z")
	for _, c := range []struct{ from, to, wantFrom, wantTo string }{
		{"08:53", "09:00", "2026-03-04T08:53:00Z", "2026-03-04T09:00:00Z"},
		{"22:00", "02:00", "2026-03-03T22:00:00Z", "2026-03-04T02:00:00Z"},
		{"10:00", "14:00", "2026-03-04T10:00:00Z", "2026-03-04T14:00:00Z"},
		{"mon", "mon 08:00", "2026-03-02T00:00:00Z", "2026-03-02T08:00:00Z"},
		{"fri 18:00", "mon 06:00", "2026-02-27T18:00:00Z", "2026-03-02T06:00:00Z"},
		{"2h", "+10m", "2026-03-04T10:00:00Z", "2026-03-04T10:10:00Z"},
		{"2h", "1h", "2026-03-04T10:00:00Z", "2026-03-04T11:00:00Z"},
		{"2020-01-01 10:00", "11:00", "2020-01-01T10:00:00Z", "2020-01-01T11:00:00Z"},
	} {
		from, err := moment.Parse(c.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := moment.Parse(c.to)
		if err != nil {
			t.Fatal(err)
		}
		begin, _ := from.In(moment.Frame{Now: now, Limit: now})
		end, _ := to.In(moment.Frame{Now: now, First: begin, Here: begin})
		if !begin.Equal(at(c.wantFrom)) || !end.Equal(at(c.wantTo)) {
			t.Errorf("from %q to %q is %v to %v", c.from, c.to, begin, end)
		}
	}
}

// In Berlin the clock went from 02:00 to 03:00 on 29 March 2026, and goes from 03:00
// to 02:00 on 25 October.
func TestClockChanges(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	spring := moment.Frame{
		Now: at("2026-03-30T12:00:00Z"), Location: berlin, First: at("2026-03-28T00:00:00Z"), Last: until("2026-03-30T12:00:00Z"),
		Here: at("2026-03-29T08:00:00Z"),
	}
	autumn := moment.Frame{
		Now: at("2026-10-26T12:00:00Z"), Location: berlin, First: at("2026-10-25T00:10:00Z"), Last: until("2026-10-25T12:00:00Z"),
		Here: at("2026-10-25T00:40:00Z"),
	}
	late := autumn
	late.Here = at("2026-10-25T11:00:00Z")
	for _, c := range []struct {
		frame      moment.Frame
		text, want string
	}{
		{spring, "01:30", "2026-03-29T00:30:00Z"},
		{spring, "02:30", "2026-03-29T01:30:00Z"}, // there is none: so much after 02:00
		{spring, "03:30", "2026-03-29T01:30:00Z"},
		{spring, "2026-03-29 02:30", "2026-03-29T01:30:00Z"},
		{spring, "sun 04:00", "2026-03-29T02:00:00Z"},
		{spring, "yesterday", "2026-03-28T23:00:00Z"},
		{spring, "today", "2026-03-29T22:00:00Z"},
		{spring, "-1d", "2026-03-29T12:00:00Z"},
		{autumn, "02:30", "2026-10-25T00:30:00Z"}, // the first of two
		{late, "02:30", "2026-10-25T01:30:00Z"},   // the second is nearer
		{late, "2026-10-25 02:30", "2026-10-25T00:30:00Z"},
		{late, "2026-10-25 02:30+01:00", "2026-10-25T01:30:00Z"},
		{late, "02:30Z", "2026-10-25T02:30:00Z"},
		{autumn, "25 oct", "2026-10-24T22:00:00Z"},
	} {
		m, err := moment.Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := m.In(c.frame); err != nil || !got.Equal(at(c.want)) {
			t.Errorf("%q is %v, %v, want %s", c.text, got.UTC(), err, c.want)
		}
	}
}

// The end is asked for only where it matters; where it only serves to choose, it need
// not be known.
func TestUnknownEnd(t *testing.T) {
	unknown := errors.New("it has no end yet")
	start := at("2026-03-01T12:00:00Z")
	for text, want := range map[string]string{
		"12:05": "2026-03-01T12:05:00Z", "11:00": "2026-03-01T11:00:00Z", "23:00": "2026-03-01T23:00:00Z", "+5m": "2026-03-01T12:05:00Z",
		"2026-03-02": "2026-03-02T00:00:00Z", "-5m": "",
	} {
		m, err := moment.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		got, err := m.In(moment.Frame{Now: at("2026-06-01T00:00:00Z"), First: start, Here: start, Last: func() (time.Time, error) { asked++; return time.Time{}, unknown }})
		switch {
		case want == "" && !errors.Is(err, unknown):
			t.Errorf("%q is %v, %v", text, got, err)
		case want != "" && (err != nil || !got.Equal(at(want))):
			t.Errorf("%q is %v, %v, want %s", text, got, err, want)
		case want != "" && text != "11:00" && asked > 0:
			t.Errorf("%q asks for the end", text)
		}
	}
	var zero moment.Moment
	if got, err := zero.In(moment.Frame{}); err != nil || !got.IsZero() || !zero.IsZero() {
		t.Errorf("none is %v, %v", got, err)
	}
}
