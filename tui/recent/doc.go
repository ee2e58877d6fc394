// Package recent keeps what was typed into prompts in a file, from one run of the
// client to the next.
//
// # Contract
//
// A [File] holds texts by their kind, such as "search", the newest of a kind last, at
// most [MaxTexts] of each. Its methods read and write the whole file, so they belong
// away from the keys; they may be called by several goroutines. A file is the old one
// or the new one, never a part, and only its owner may read it. When two clients add
// at the same instant, one of the two texts may be forgotten.
//
// What looks like a secret is never written: see [Secret].
package recent
