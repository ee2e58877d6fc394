// Package rowtext says what the row of a record shows: its message, the fields that
// bunyan does not know, and its label, as text in spans.
//
// # Contract
//
// Text is sanitised and steady, see [sluice/tui/cell.Steady], and bounded; it is not
// yet cut to the screen. [Quick] makes the same text as [Of] for most records, without
// allocating; of others it says that it cannot.
//
// Nothing here blocks, keeps what it is given, or returns an error.
package rowtext
