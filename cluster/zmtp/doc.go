// Package zmtp speaks ZeroMQ's wire protocol, ZMTP 3.1 (RFC 37/ZMTP) and 3.0
// (RFC 23/ZMTP), with the NULL mechanism, over tcp and ipc, and the commands
// that Sluice adds to it between its own peers.
//
// It is made of pure functions on bytes (greeting, frames, commands), of a
// [Decoder] that splits a stream of bytes in place, and of a thin [Conn] that
// does the handshake. It knows nothing of sockets' patterns: who subscribes to
// what is the caller's.
//
// # Contract
//
// Peers are hostile. Every announced size is checked before a byte is
// allocated for it; what is not understood is an error, never a crash; a
// handshake ends within its time; a message above the limit is passed over as
// it arrives, without being kept.
//
// Nothing here retains bytes that it was given, and what a Decoder or a
// Receiver returns points into the caller's or its own buffer and is valid
// until its next call; what a Receiver returns, also as long as its block is
// held, see [Receiver.Block].
package zmtp
