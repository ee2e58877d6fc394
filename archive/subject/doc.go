// Package subject maps a consolidator and a stream to the subject of NATS under which
// the archive keeps what the stream had there, and back.
//
//	logs.<consolidator>.<stream>      system/dns at vm-1: logs.vm-1.system.dns
//
// # Contract
//
// The consolidator is one token. "/" in a stream's name divides tokens, so that
// wildcards of NATS follow the parts of names. In a token letters, digits, "-", "_",
// "~", ":", "@", "=", "+" and "," stand for themselves; every other byte is "%" and two
// upper-case hexadecimal digits, and a token that would be empty is "%" alone.
//
// The mapping is injective, and [Parse] takes exactly what [Of] gives: two names never
// share a subject, however they are escaped, and a subject that somebody else made is an
// error, or is what Of makes of some names.
//
// Names are 1 to 255 bytes of UTF-8 without control characters (package names), so a
// subject has at most [Max] bytes and 130 tokens. No function blocks, or keeps what it is
// given.
package subject
