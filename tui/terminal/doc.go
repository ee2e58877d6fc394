// Package terminal is the terminal of a full-screen client: its modes, and the bytes
// that show a frame.
//
// # Contract
//
// [Open] finds the terminal, [Terminal.Enter] takes it over, and [Terminal.Leave]
// gives it back as it was: each Enter wants a Leave, whatever happens. [Terminal.End]
// leaves for good.
//
// A frame is all the lines of the screen. Only what differs from the last one is
// written, and lines that have moved together are scrolled. Lines are compared as
// they are written, and not cell by cell, so each must fill the width and end its
// style.
//
// Blocking: nothing does but Leave, Suspend and End, which wait for two seconds at
// most until the terminal has taken what restores it. A terminal that reads slowly,
// or not at all, gets fewer frames and not older ones: while [Terminal.Held], the
// caller draws nothing, and Config.Wake is called when it may again, on another
// goroutine. At most 4 MiB wait.
//
// Ownership: one goroutine calls everything, other than Watch, which has its own.
package terminal
