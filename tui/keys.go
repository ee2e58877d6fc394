package tui

import (
	"charm.land/bubbles/v2/key"
)

// keyMap holds every key. The help screen is made from it, so the two always agree.
type keyMap struct {
	up, down, pageUp, pageDown, halfUp, halfDown, top, bottom, left, right key.Binding

	nextError, prevError, when, mark, nextMark, prevMark, centre key.Binding

	pause, search, next, prev, filter, level, levelDown, dropLast, clear key.Binding

	wrap, clock key.Binding

	open, tab, backTab, digit, more, fewer, arrange, moveLeft, moveRight, zoom, closePane key.Binding

	detail, copy, copyMsg, save, pipe, follow key.Binding

	fold, timeline key.Binding

	around, lock key.Binding

	status, help, cancel, suspend, quit, interrupt key.Binding

	palette, columns, alerts, bookmark, bookmarks, copyRange key.Binding

	inDetail detailKeys

	actions []key.Binding // by the order of Config.Actions
}

// detailKeys are those that only the detail has.
type detailKeys struct {
	next, prev, copyField, include, exclude key.Binding
}

func bind(help, desc string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, desc))
}

func defaultKeys() keyMap {
	return keyMap{
		up:        bind("k ↑", "up; stops following", "k", "up"),
		down:      bind("j ↓", "down; the end follows again", "j", "down"),
		pageUp:    bind("^b pgup", "page up", "ctrl+b", "pgup", "b"),
		pageDown:  bind("^f pgdn", "page down", "ctrl+f", "pgdown"),
		halfUp:    bind("^u", "half a page up", "ctrl+u"),
		halfDown:  bind("^d", "half a page down", "ctrl+d"),
		top:       bind("g home", "oldest record", "g", "home"),
		bottom:    bind("G end", "newest record, follow", "G", "end"),
		left:      bind("←", "text to the left", "left"),
		right:     bind("→", "text to the right", "right"),
		prevError: bind("E", "error before", "E"),
		nextError: bind("e", "next error", "e"),
		when:      bind("T", "go to a time", "T"),
		mark:      bind("m", "mark or unmark the record", "m"),
		nextMark:  bind("'", "next mark", "'"),
		prevMark:  bind("\"", "mark before", "\""),
		centre:    bind("_", "centre the row", "_"),

		pause:     bind("space", "pause and resume", "space"),
		search:    bind("/", "search (regular expression)", "/"),
		next:      bind("n", "next match", "n"),
		prev:      bind("N", "match before", "N"),
		filter:    bind("f &", "filter", "f", "&"),
		level:     bind("l", "raise the level shown", "l"),
		levelDown: bind("L", "lower the level shown", "L"),
		dropLast:  bind("⌫", "take the last filter away", "backspace"),
		clear:     bind("0", "show all: clear filters", "0"),

		wrap:  bind("w", "wrap long records", "w"),
		clock: bind("t", "times: local, UTC, ago", "t"),

		open:      bind("o", "open streams", "o"),
		tab:       bind("tab", "next pane", "tab"),
		backTab:   bind("⇧tab", "pane before", "shift+tab"),
		digit:     bind("1–9", "go to a pane", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
		more:      bind("+", "one pane more on the screen", "+"),
		fewer:     bind("-", "one pane less", "-"),
		arrange:   bind("v", "beside, stacked, tabs", "v"),
		moveLeft:  bind("{", "move the pane left", "{"),
		moveRight: bind("}", "move the pane right", "}"),
		zoom:      bind("z", "zoom the pane", "z"),
		closePane: bind("c", "close the pane", "c"),

		detail:  bind("enter", "the whole record", "enter"),
		copy:    bind("y", "copy the record", "y"),
		copyMsg: bind("Y", "copy the message", "Y"),
		follow:  bind("a", "follow a value everywhere", "a"),
		save:    bind("s", "save what is shown", "s"),
		pipe:    bind("|", "pipe it into a command", "|"),

		timeline: bind("h", "timeline", "h"),
		fold:     bind("*", "groups of similar messages", "*"),
		around:   bind("C", "records around those that pass: 3, 10", "C"),
		lock:     bind("=", "panes locked in time", "="),

		status:    bind("i", "sources, losses, memory", "i"),
		help:      bind("?", "this help", "?"),
		cancel:    bind("esc", "leave; clear the search", "esc"),
		suspend:   bind("^z", "suspend", "ctrl+z"),
		quit:      bind("q", "quit", "q"),
		interrupt: bind("^c", "quit at once", "ctrl+c"),

		palette:   bind(":", "every action, by name", ":"),
		alerts:    bind("!", "alerts: what rings the bell", "!"),
		bookmark:  bind("M", "bookmark with a comment", "M"),
		bookmarks: bind("B", "bookmarks; their timeline", "B"),
		copyRange: bind("R", "copy a range, as shown", "R"),
		columns:   bind("K", "choose the columns", "K"),

		inDetail: detailKeys{
			next:      bind("→ n", "next record; n: match", "right", "n"),
			prev:      bind("← N", "record before; N: match", "left", "N"),
			copyField: bind("c", "copy the field", "c"),
			include:   bind("f", "show only its value", "f"),
			exclude:   bind("F", "hide its value", "F"),
		},
	}
}

// named are the bindings that a user may change, by the names in the settings.
// The keys within a record are not among them: there, a key may mean something
// else.
func (k *keyMap) named() map[string]*key.Binding {
	return map[string]*key.Binding{
		"up": &k.up, "down": &k.down, "page-up": &k.pageUp, "page-down": &k.pageDown,
		"half-up": &k.halfUp, "half-down": &k.halfDown, "top": &k.top, "bottom": &k.bottom,
		"left": &k.left, "right": &k.right,
		"next-error": &k.nextError, "previous-error": &k.prevError, "time": &k.when,
		"mark": &k.mark, "next-mark": &k.nextMark, "previous-mark": &k.prevMark, "centre": &k.centre,
		"pause": &k.pause, "search": &k.search, "next": &k.next, "previous": &k.prev, "filter": &k.filter,
		"level": &k.level, "level-down": &k.levelDown, "drop-filter": &k.dropLast, "clear": &k.clear,
		"wrap": &k.wrap, "clock": &k.clock,
		"open": &k.open, "next-pane": &k.tab, "previous-pane": &k.backTab,
		"more-panes": &k.more, "fewer-panes": &k.fewer, "arrange": &k.arrange,
		"move-left": &k.moveLeft, "move-right": &k.moveRight, "zoom": &k.zoom, "close": &k.closePane,
		"detail": &k.detail, "copy": &k.copy, "copy-message": &k.copyMsg, "save": &k.save, "pipe": &k.pipe,
		"groups": &k.fold, "timeline": &k.timeline,
		"follow": &k.follow, "around": &k.around, "lock": &k.lock,
		"status": &k.status, "help": &k.help, "quit": &k.quit, "suspend": &k.suspend,
		"palette": &k.palette, "columns": &k.columns, "alerts": &k.alerts,
		"bookmark": &k.bookmark, "copy-range": &k.copyRange, "bookmarks": &k.bookmarks,
	}
}

// keyGroup is a part of the help screen.
type keyGroup struct {
	title    string
	bindings []key.Binding
}

// inRecord is the group of the keys that only an open record has.
const inRecord = "In a record"

func (k keyMap) groups() []keyGroup {
	var groups []keyGroup
	if len(k.actions) > 0 {
		groups = append(groups, keyGroup{"Here", k.actions})
	}
	groups = append(groups, []keyGroup{
		{"Watch", []key.Binding{k.pause, k.search, k.next, k.prev, k.filter, k.level, k.levelDown, k.dropLast, k.clear, k.around, k.alerts}},
		{"Move", []key.Binding{k.up, k.down, k.halfUp, k.halfDown, k.pageUp, k.pageDown, k.top, k.bottom, k.nextError, k.prevError, k.when, k.mark, k.nextMark, k.prevMark, k.centre}},
		{"Overview", []key.Binding{k.fold, k.timeline}},
		{"Panes", []key.Binding{k.open, k.tab, k.backTab, k.digit, k.more, k.fewer, k.arrange, k.moveLeft, k.moveRight, k.zoom, k.lock, k.closePane}},
		{"Record", []key.Binding{k.detail, k.copy, k.copyMsg, k.save, k.pipe, k.follow, k.bookmark, k.copyRange, k.bookmarks}},
		{inRecord, []key.Binding{k.inDetail.next, k.inDetail.prev, k.inDetail.copyField, k.inDetail.include, k.inDetail.exclude}},
		{"Look", []key.Binding{k.columns, k.wrap, k.left, k.right, k.clock}},
		{"Sluice", []key.Binding{k.palette, k.status, k.help, k.cancel, k.suspend, k.quit, k.interrupt}},
	}...)
	return groups
}

// owner describes what a key does already.
func (k keyMap) owner(name string) (string, bool) {
	for _, g := range k.groups() {
		for _, b := range g.bindings {
			for _, own := range b.Keys() {
				if own == name {
					return b.Help().Desc, true
				}
			}
		}
	}
	return "", false
}
