package tui

import (
	"charm.land/bubbles/v2/key"
)

// keyMap holds every key. The help screen is made from it, so what it says is
// what happens.
type keyMap struct {
	up, down, pageUp, pageDown, halfUp, halfDown, top, bottom, left, right key.Binding

	pause, level, levelDown, clear, search, next, prev key.Binding

	open, detail, copy, copyMsg, tab, backTab, digit, zoom, closePane key.Binding

	help, cancel, quit, interrupt key.Binding

	actions []key.Binding // by the order of Config.Actions
}

func bind(help, desc string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, desc))
}

func defaultKeys() keyMap {
	return keyMap{
		up:       bind("k ↑", "up; stops following", "k", "up"),
		down:     bind("j ↓", "down; the end follows again", "j", "down"),
		pageUp:   bind("^b pgup", "page up", "ctrl+b", "pgup", "b"),
		pageDown: bind("^f pgdn", "page down", "ctrl+f", "pgdown", "f"),
		halfUp:   bind("^u", "half a page up", "ctrl+u"),
		halfDown: bind("^d", "half a page down", "ctrl+d"),
		top:      bind("g home", "oldest record", "g", "home"),
		bottom:   bind("G end", "newest record, follow", "G", "end"),
		left:     bind("←", "text to the left", "left"),
		right:    bind("→", "text to the right", "right"),

		pause:     bind("space", "pause and resume", "space"),
		level:     bind("l", "raise the level shown", "l"),
		levelDown: bind("L", "lower the level shown", "L"),
		clear:     bind("0", "show all: clear filters", "0"),
		search:    bind("/", "search (regular expression)", "/"),
		next:      bind("n", "next match", "n"),
		prev:      bind("N", "previous match", "N"),

		open:      bind("o", "open a stream", "o"),
		detail:    bind("enter", "the whole record", "enter"),
		copy:      bind("y", "copy the record", "y"),
		copyMsg:   bind("Y", "copy the message", "Y"),
		tab:       bind("tab", "next pane", "tab"),
		backTab:   bind("⇧tab", "previous pane", "shift+tab"),
		digit:     bind("1–9", "go to a pane", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
		zoom:      bind("z", "zoom the pane", "z"),
		closePane: bind("c", "close the pane", "c"),

		help:      bind("?", "this help", "?"),
		cancel:    bind("esc", "leave; clear the search", "esc"),
		quit:      bind("q", "quit", "q"),
		interrupt: bind("^c", "quit at once", "ctrl+c"),
	}
}

// keyGroup is a part of the help screen.
type keyGroup struct {
	title    string
	bindings []key.Binding
}

func (k keyMap) groups() []keyGroup {
	groups := []keyGroup{
		{"Move", []key.Binding{k.up, k.down, k.halfUp, k.halfDown, k.pageUp, k.pageDown, k.top, k.bottom, k.left, k.right}},
		{"Watch", []key.Binding{k.pause, k.search, k.next, k.prev, k.level, k.levelDown, k.clear}},
		{"Panes", []key.Binding{k.open, k.tab, k.backTab, k.digit, k.zoom, k.closePane}},
		{"Record", []key.Binding{k.detail, k.copy, k.copyMsg}},
		{"Sluice", []key.Binding{k.help, k.cancel, k.quit, k.interrupt}},
	}
	if len(k.actions) > 0 {
		groups = append(groups, keyGroup{"More", k.actions})
	}
	return groups
}

// owner tells what a key does already.
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
