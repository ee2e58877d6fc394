// Package cell makes lines of styled text that take an exact number of columns.
//
// # Contract
//
// A [Line] has a fixed width. What does not fit is cut between grapheme clusters,
// what is missing is filled, and each style begins with a reset, so that none goes
// on beyond its text or the end of the line. It belongs to one goroutine.
//
// [Take], [Fit] and [Skip] cut text by columns; [Width] measures it. They
// measure as the terminal does, by code points or by grapheme clusters, which the
// caller knows and hands on. A cluster that is too long to be read is one mark.
// Text in ASCII is not measured at all.
//
// Text must be sanitised before it comes here. [Steady] sanitises it, and takes
// out what terminals measure differently.
//
// Nothing here blocks or returns an error.
package cell
