package tui_test

import (
	"testing"

	"sluice/cluster/stream"
	"sluice/tui"
)

// A message is gone as soon as what it says does not hold any more.
func TestMessagesGoWithWhatTheyAreAbout(t *testing.T) {
	for name, c := range map[string]struct {
		keys, says string
		then       func(*screen)
	}{
		"another search":            {"/nowhere\nn", "nothing that is shown matches nowhere", func(s *screen) { s.press("/line 1\n") }},
		"no search":                 {"/nowhere\nn", "nothing that is shown matches nowhere", func(s *screen) { s.keys("esc") }},
		"another filter":            {"/nowhere\nn", "nothing that is shown matches nowhere", func(s *screen) { s.press("fline\n") }},
		"a match comes":             {"/nowhere\nn", "nothing that is shown matches nowhere", func(s *screen) { s.say("nowhere is here") }},
		"another pane":              {"/nowhere\nn", "nothing that is shown matches nowhere", func(s *screen) { s.keys("tab") }},
		"a match below":             {"/line 50$\nn", "no match below this one", func(s *screen) { s.say("line 50") }},
		"moved from a match":        {"/line 50$\nn", "no match below this one", func(s *screen) { s.keys("k") }},
		"moved to the last match":   {"/line 1$\nN", "no match above this one", func(s *screen) { s.keys("j") }},
		"nothing was searched for":  {"n", "nothing is searched for", func(s *screen) { s.press("/line\n") }},
		"an error comes":            {"ke", "no error after this one", func(s *screen) { s.fail("oh") }},
		"moved from an error":       {"kE", "no error before this one", func(s *screen) { s.keys("k") }},
		"resumed":                   {"kE", "no error before this one", func(s *screen) { s.keys("G") }},
		"something is marked":       {"'", "nothing is marked", func(s *screen) { s.keys("m") }},
		"marks are shown again":     {"mfnone\n'", "no marked record is shown", func(s *screen) { s.keys("0") }},
		"moved from the newest":     {"T2030-01-01\n", "this is the newest", func(s *screen) { s.keys("k") }},
		"moved from the oldest":     {"T2020-01-01\n", "the oldest kept is of", func(s *screen) { s.keys("j") }},
		"there is something to go":  {"\tT-5m\n", "no record is here yet", func(s *screen) { s.lines("tenant/acme", 1) }},
		"there is something to see": {"\ts\n", "nothing is shown that could be saved", func(s *screen) { s.lines("tenant/acme", 1) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 200, 40, tui.Config{}, "system", "tenant/acme")
			s.lines("system", 50)
			s.press(c.keys)
			s.want(c.says)
			c.then(s)
			s.wantNot(c.says)
		})
	}
}

// One that still holds stays, whatever else happens.
func TestMessagesStayWhileTheyHold(t *testing.T) {
	s := open(t, 200, 40, tui.Config{}, "system", "tenant/acme")
	s.lines("system", 50)
	s.press("/line 1$\nN")
	s.lines("system", 50)
	s.lines("tenant/acme", 50)
	s.want("no match above this one")
	s.press("\x1bkE")
	s.want("no error before this one")
	s.fail("oh")
	s.want("no error before this one")
}

// press types text, in which some control characters are keys.
func (s *screen) press(text string) {
	s.t.Helper()
	for _, r := range text {
		switch r {
		case '\n':
			s.keys("enter")
		case '\t':
			s.keys("tab")
		case '\x1b':
			s.keys("esc")
		default:
			s.keys(string(r))
		}
	}
}

// say takes a record with a message into the stream system, fail one of level error.
func (s *screen) say(msg string) {
	s.t.Helper()
	s.take(&stream.Batch{Records: []stream.Record{s.record("system", "vm-1", `"level":30,"msg":"`+msg+`"`)}})
}

func (s *screen) fail(msg string) {
	s.t.Helper()
	s.take(&stream.Batch{Records: []stream.Record{s.record("system", "vm-1", `"level":50,"msg":"`+msg+`"`)}})
}
