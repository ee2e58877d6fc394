// Package command has the handlers of `sluice consume`: [Command] gives each batch to a
// command, [Lines] writes it.
//
// # Contract
//
// A command is run by sh for each batch, with the records on its standard input, a line
// each, and about the batch in its environment ([Environment]). When it exits with 0 the
// batch is done, whether or not it has read everything; anything else, and a signal, is an
// error with the last line of its standard error. When the context ends, the command
// and whatever it has started in its process group are told to end (SIGTERM), and are
// killed half a second later. Its output goes where Command says, as it comes.
//
// Lines are acknowledged when they are written. What cannot be written ends the worker
// (Lines.Failed), since it is no fault of the records.
//
// Both tell losses in words, and never among the records. A record that has a line break
// between its values is written with a blank instead: one record is one line.
package command
