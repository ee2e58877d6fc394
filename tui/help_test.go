package tui_test

import (
	"testing"

	"sluice/tui"
)

func TestHelpScrolls(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.keys("?")
	s.want("pause and resume", "more below")
	s.wantNot("quit at once")
	for range 6 {
		s.keys("space")
	}
	s.want("a level and above")
	s.keys("x")
	s.wantNot("a level and above")
}
