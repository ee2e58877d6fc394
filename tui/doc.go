// Package tui is the full-screen client: live streams in panes, on a terminal.
//
// # Contract
//
// A [Client] reads from one [Feed] and owns the terminal while [Client.Run] blocks.
// It leaves the terminal as it found it, however it ends; its goroutines are gone
// then.
//
// Nothing that the terminal does slowly stalls the feed, and nothing that the feed
// does stalls the keys: some thirty times a second the client takes what has come,
// for a few milliseconds before it looks at the keys, and draws once. When nothing
// comes it does nothing.
//
// Memory: records are kept up to Config.Records and Config.Bytes, over all panes
// together; above that the oldest of the stream that holds the most are let go.
// Records that are on a screen that somebody has stopped stay there.
//
// What is shown came from the network. Everything, names included, is sanitised
// after it was decoded and before it is measured, so that no record can reach the
// terminal with more than text.
//
// # How it is built
//
// One Bubble Tea model on one goroutine, whose frames go to the terminal without
// Bubble Tea's renderer; everything else is a plain struct with methods. Data go one
// way through the packages below:
//
//	rows      keeps the records that the feed hands over
//	query     finds those that pass a filter, or match a search
//	view      is where somebody stands in them
//	rowtext   is what a row shows of a record
//	cell      makes lines of it, in exact columns
//	terminal  shows them
//
// and find, which they use, finds words. In here are the model (panes, tabs, dialogs;
// all keys and messages), the panes (a view on the screen: header, rows, search,
// filter), and the guard, which is the model as Bubble Tea sees it: panics end there.
package tui
