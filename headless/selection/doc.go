// Package selection finds the streams that a client for scripts was asked for: those
// that are named, and those that patterns match, as they appear.
//
// # Contract
//
// Streams that are live at the start begin as Config.Last says, from when they are
// first listed, within the first second. A stream that appears more than about two
// seconds after the start is followed from its first record. One that appears before
// that looks like one that was there already, and what it had until it was listed may be
// missing.
//
// A stream that appeared is asked for all of its log, and its [Newcomer] says what of
// that is from before. It holds up to 16 MiB of it until it is complete.
//
// Nothing here blocks or starts a goroutine. A Selection and its Newcomers are for one
// goroutine.
package selection
