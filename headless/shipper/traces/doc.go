// Package traces tells which lines of text belong together: the lines of a
// stack trace, of a panic or of a report are one record.
//
// # Contract
//
// A [Joiner] looks at one line after the other, and says of each whether it
// begins a record, continues the one before, or waits: then one of the next lines
// tells. It keeps no lines: whoever uses it does, and hands it each only once,
// but for lines that waited in vain; see [Joiner.Next].
//
// What it knows are two tables: the lines that begin a trace (beginnings.go), and
// for each part of one the lines that may come next (table.go). A line that no rule
// admits begins a record. So what stands between two lines of a trace by accident
// is joined only if it looks like a part of that trace.
//
// Ordinary lines, which do not begin a trace, are continued by lines that are
// indented, and by those that cannot stand for themselves, such as "Caused by:". One
// that states an error is continued by the trace directly behind it, as loggers write
// it; one that does not is not, so that no trace is hidden behind a lower level.
//
// Lines that wait join only if one behind them tells by its form that it is a part of
// the trace: one that is merely indented waits as well.
//
// Cost: for each line a bounded number of comparisons and of passes over its bytes,
// and for most lines none; nothing is allocated. Bounds: [MaxWaiting].
package traces
