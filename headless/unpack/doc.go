// Package unpack tells what a file or standard input is, and reads the text in it:
// the one place that knows, for all that read what others wrote.
//
// # Contract
//
// What can be read: UTF-8, and whatever else has ASCII's line breaks; UTF-16 and
// UTF-32, with and without a byte order mark; gzip of several members, with zero
// padding around them; zstd of several frames, skippable ones too; bzip2 and xz of
// several streams; what `journalctl -o export` writes, an entry a line of JSON as
// `journalctl -o json` has it; and any of these within another, four deep. It is told apart by
// how the input begins, never by its name. All else that is known is refused with an
// [UnreadableError], which names it and says what to do.
//
// Blocking: [Open] reads until it knows, which is as soon as the first bytes are
// there unless these may begin something else. A [Reader] waits for its input only
// when it has no text left, and starts no goroutine but those of the zstd decoder,
// which end with Close.
//
// Errors: io.EOF at the end; io.ErrUnexpectedEOF when the input ends in the middle of
// a member, a frame or a stream; any other when it is broken, or cannot be read.
// What was before an error is read first. Errors of the input come as they are.
//
// Marks and holes are no text, and lines are whole without them: [TrimMark] takes a
// byte order mark off any line, and a [Holes] takes runs of zero bytes out, which a
// truncation or a crash leaves.
//
// Memory: for each layer 64 KiB and the window of its compression, 128 MiB at most,
// whatever the input says. A Holes keeps none of its bytes.
package unpack
