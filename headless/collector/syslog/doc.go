// Package syslog reads messages of syslog, RFC 5424 and RFC 3164 with the odd forms
// in which that is written, makes bunyan records of them, and divides a TCP
// connection into messages, RFC 6587.
//
// # Contract
//
// Every message is read as something: what is of no form is all text. Messages are
// foreign input: reading takes time and memory proportional to a message, of which
// [MaxMessage] bytes are kept, and keeps nothing of what it is given; but a [Message]'s
// parts are parts of it.
package syslog
