package tui_test

import (
	"testing"

	"sluice/tui"
)

// earlierStates are what a screen can show of an archive, and how one comes there.
var earlierStates = map[string]func(a *archived){
	"earlier-loading": func(a *archived) {
		release := a.archive.Hold()
		a.t.Cleanup(release)
		a.begin(a.keys("g"))
	},
	"earlier-loaded": func(a *archived) {
		a.does("g")
		a.keys("k", "k")
	},
	"earlier-begins": func(a *archived) {
		for range 4 {
			a.does("g")
		}
	},
	"earlier-gap": func(a *archived) {
		a.goTo(300)
		a.keys("G")
		release := a.archive.Hold()
		a.t.Cleanup(release)
		for range 4 {
			a.begin(a.keys("pgup"))
		}
	},
	"earlier-searching": func(a *archived) {
		release := a.archive.Hold()
		a.t.Cleanup(release)
		a.press("/nowhere at all\n")
		a.settle()
		a.begin(a.keys("N"))
	},
	"earlier-none": func(a *archived) {
		a.press("/nowhere at all\n")
		a.settle()
		a.begin(a.keys("N"))
		a.settleReads()
	},
}

// What comes out of an archive, what is on its way, and what is not loaded.
func TestGoldenEarlier(t *testing.T) {
	inBothThemes(t, earlierStates, func(t *testing.T, w, h int, config tui.Config, act func(*archived)) *screen {
		a := openArchived(t, w, h, config, "system")
		all := a.publish("system", 2500, 3)
		a.backfill("system", all[2400:])
		act(a)
		return a.screen
	})
}
