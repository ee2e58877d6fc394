// Package testpeer has the other side of a connection over ZeroMQ, for tests.
//
// A [Peer] is made by hand and does what a test wants, frame by frame: [Dial]
// makes a reader or a publisher of a consolidator, [Listen] what a client of
// one connects to. A [Libzmq] is a process with a socket of libzmq.
//
// All of them end with their test. Their methods belong to the test's own
// goroutine, but for those that return an error. What takes longer than
// [wait.Limit] ends the test.
package testpeer
