// Package container reads the lines in which container runtimes keep what
// containers print: CRI's, as containerd and CRI-O write them, and docker's
// json-file.
//
// # Contract
//
// A [Line] is a piece of what was printed, with its time and its stream. Lines are
// foreign input: what is not exactly of a form is no line of it. Nothing is kept of
// what a function is given, but a Line's Text may be a part of it. Reading takes time
// and memory proportional to the line.
package container
