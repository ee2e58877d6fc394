// Package zmtp speaks ZeroMQ's wire protocol, ZMTP 3.1 (RFC 37/ZMTP) and 3.0
// (RFC 23/ZMTP), over tcp and ipc, and the commands that Sluice adds to it between its
// own peers.
//
// It is made of pure functions on bytes (greeting, frames, commands), of a
// [Decoder] that splits a stream of bytes in place, and of a [Conn] that does the
// handshake and owns the connection: every byte that is read or written goes through
// it. It knows nothing of sockets' patterns: who subscribes to what is the caller's.
//
// # Security
//
// A [Mechanism] does the handshake and may give the connection a [Codec], which seals
// whole frames on their way out and opens them on their way in. Callers write and read
// frames and do not know of it. With [Null] there is no codec, and frames travel
// without a copy: many pieces with one system call ([Ready.Write]), splitting in place
// ([Receiver]). With a codec at most 32 KiB of frames, or a single larger one, are sealed
// at a time; what the kernel has not taken of that is kept ([Conn.Kept]) and goes first
// next time, since it can be sealed only once. What a codec cannot open ends the connection;
// a frame above the limits is opened in parts, and passed over as it would be without one.
// Package curve has the mechanism CURVE.
//
// # Contract
//
// Peers are hostile. Every announced size is checked before a byte is
// allocated for it; what is not understood is an error, never a crash; a
// handshake ends within its time; a message above the limit is skipped as
// it arrives, without being kept.
//
// Blocking: [Conn.Write], [Receiver.Fill], [Requests.Fill] and [Handshake] wait,
// [Conn.TryWrite], [Ready.Write] and [Conn.Abort] never do. Close and Abort wake all who
// wait; Close waits until they have gone, so it is for the connection's owner alone.
//
// Nothing here retains bytes that it was given, and what a Decoder or a
// Receiver returns points into the caller's or its own buffer and is valid
// until its next call; what a Receiver returns, also as long as its block is
// held, see [Receiver.Block].
package zmtp
