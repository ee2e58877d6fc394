// Package tui is the full-screen client: live streams in panes, on a terminal.
//
// # Contract
//
// A [Client] reads from one [Feed] and owns the terminal while [Client.Run]
// blocks. It leaves the terminal as it found it, however it ends.
//
// Nothing that the terminal does slowly stalls the feed, and nothing that the
// feed does stalls the keys: at most thirty times a second the client takes
// everything there is, for at most 10 ms before it
// looks at the keys, and draws once. With nothing to
// take it does nothing.
//
// Memory: records are kept up to Config.Records and Config.Bytes, over all
// panes together; above that the oldest of the stream that holds the most are
// let go. Records that somebody is looking at stay on the screen.
//
// What is shown came from the network. Everything, names included, is
// sanitised after it was decoded and before it is measured, so that no record
// can reach the terminal with more than text.
//
// # How it is built
//
// One Bubble Tea model, whose frames go to the terminal without Bubble Tea's
// renderer; everything else is a plain struct with methods. Below it are packages:
// rows keeps the records, query finds those that pass, view is where somebody stands
// in them, rowtext says what a row shows, cell makes lines of it, terminal shows
// them, and find finds words. In here:
//
//	pane     a view on the screen: header, rows, search, filter
//	model    panes, tabs, overlays; all keys and messages
//	guard    the model and the terminal as Bubble Tea sees them; panics end here
package tui
