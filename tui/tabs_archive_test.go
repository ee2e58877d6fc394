package tui_test

import (
	"testing"

	"sluice/tui"
	"sluice/tui/before"
	"sluice/tui/internal/testarchive"
)

// Of a pane that was never on the screen the tab counts what came, where there is an archive, too.
func TestTabsOfPanesThatWereNeverLookedAtCountWhatCame(t *testing.T) {
	for name, archive := range map[string]before.Archive{"with an archive": testarchive.New(), "without": nil} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 80, 24, tui.Config{Archive: archive})
			tui.Restore(s.model, tui.Layout{Panes: []tui.PaneLayout{{Streams: []string{"one"}}, {Streams: []string{"two"}}}, Shown: []int{0}})
			s.lines("two", 2)
			s.want("+2")
		})
	}
}
