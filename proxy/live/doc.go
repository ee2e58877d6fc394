// Package live is the list of the live streams, for all who ask for it or watch it: the
// whole of it, a page, or what has changed since a reader was told.
//
// # Contract
//
// [List] asks its source at most once a second, whoever wants the list, and only if
// somebody does. What it answers is no older than a second.
//
// An [Answer] is the list, or a page of it, in pieces: what is not for all who ask is
// nowhere as a whole. It keeps the list as it was until it is done.
//
// Differences: a [Cursor] is how far one reader has been told. What [List.Changes]
// gives it, put together, is the list at the end of each piece without More: the names
// exactly; the figures of a stream come again when one of them is off by about a tenth,
// or the number of its consolidators is another. A reader that is so far behind that
// streams which have gone would be missed begins anew, which it is told by All.
//
// Memory: the list, the list as it was told, and a log of changes with the names of at
// most three times as many streams, shared by all readers. A Cursor holds two names.
//
// Blocking: the list is made, and what has changed is found, with the lock held, by
// whoever comes first.
package live
