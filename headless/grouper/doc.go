// Package grouper is what `sluice groups` runs: the records of files, or of streams,
// folded into templates.
//
// # Contract
//
// Inputs: all that package unpack reads, recognised by their content, a record a line.
// A line that is no JSON object is text, and goes together with the lines that continue
// it, as package traces tells; as `sluice publish` does it.
//
// Accounting: with Config.Numbers each line of the files has a number, that of its
// record's template; 0 for a line that is in no record, since it is blank or does not
// pass the filter.
//
// Memory: package group's, half a megabyte for the input, and with Config.Numbers four
// bytes a line.
//
// A Grouper is for one goroutine. Nothing that it returns is sanitised, but what the
// Write methods write is.
package grouper
