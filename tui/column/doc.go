// Package column is which columns the rows of a pane have: which of its own, which
// fields of the records, in which order, how wide, and which of them stay when there
// is little room.
//
// # Contract
//
// A [List] is changed by its methods only, each of which leaves the columns that it
// was made of alone and returns a list of its own. It is written as texts, one a
// column ("time", "tenant:10", "source!"), which [Parse] reads back. Nothing here
// draws, blocks or keeps records.
package column
