// Package pipe runs a shell command that reads records, away from the terminal, and
// keeps what it prints.
//
// # Contract
//
// The command belongs to a session of its own: it has no terminal, so that it can neither
// write to the screen nor take keys, and it is one with all that it starts when it is told to
// end. What it prints, on standard output and standard error in one, is kept up to [MaxOutput]
// bytes and [MaxLines] lines; what is above that is read, counted and let go, so that the
// command is never held up by it. Lines are sanitised when they are asked for.
//
// Writing to a command blocks while it does not read, so it is done on a goroutine of the
// caller's. All other methods are safe for use by any goroutine, and wait for nothing but
// [Command.End], which does so for [Grace] and a little more.
//
// A command has ended when its shell has. What that has left behind, such as a program
// that keeps a clipboard, is left alone, and what it prints later is lost.
package pipe
