// Package shipper publishes lines: from files, which it can follow, and from
// standard input. It is what `sluice publish` runs, and package collector is built on
// it: then files are found by patterns, each with a stream of its own, and records come
// from other sources, too ([Source]).
//
// # Contract
//
// Order: the records of one input are published in the order of its lines.
// Files that are not followed are read one after the other; files that are
// followed have no order among them.
//
// Inputs: all that package unpack reads, recognised by their content; files that are
// followed must be text. Byte order marks are left out, and holes, runs of zero bytes,
// are skipped and counted; those that take no room on the disk are not read.
//
// Records: a line that is a JSON object is a record, as record.Bunyan has it: a
// bunyan record byte for byte, any other made one by naming. Any other line is
// the msg of a record, with the lines that continue it: package traces tells
// which. A line that might continue it waits, and so do those behind it, at most 32
// and 16 KiB, until a later one tells, or none came for half a second. The level is
// what the first line states, or that of the trace. A text above the limit of 256
// KiB goes on in the next record; each has the field "part", from 1. Blank lines
// are left out and counted, unless they stand within a trace. So are the lines that name
// streams in a recording of several, which begins with one. A line above the
// limit, or whose record would be, becomes the msg of a record, cut, with the field
// "cut": how many bytes are missing.
//
// Following is by name, as `tail -F` does, by package follow: every file that a
// name has had is opened at once, by a goroutine that waits for nobody, and read
// for as long as it is written to. The lines of one writer stand in the order in
// which it wrote them, also over rotations: what is new in a file is published
// behind what stood in all older ones when that was looked at. What is not whole
// when a file has lost its name and been quiet for a second is a line. A file
// that no name leads to any more is closed when it has been quiet for a minute;
// one that was only renamed when another needs its place under Config.OpenFiles.
// What is written to it then is read when there is room. One that is truncated is
// read from its beginning.
//
// Losses: what could not be opened, what was truncated unread, and what cannot be
// known is counted, told as a notice and, at its place, as a record of level warn
// in the stream, and Run returns [ErrMissing]. A truncation of a file of which all
// was read that was there when somebody looked is told, and no error.
//
// Places: with Config.State, how far each file is acknowledged is saved once a
// second, and at the end when nothing is to come any more; the next run goes on
// there. What was published and not saved when a run was cut off is published
// again, which the next one says.
//
// Containers: lines that a container runtime keeps (Config.Format) are what the
// container printed: pieces of a line are put together, and its two streams are joined
// into records each by itself, with the runtime's time where a line has none, and a
// field "stream".
//
// Delivery: publish.Client's. Nothing is read that there is no room for.
//
// Accounting: [Summary]. Every line that was read is in a record, or counted as
// blank; every record is acknowledged, or counted as what else became of it.
// The goroutine that reads also counts, and never waits in a read: there is no
// time at which something was read and is not counted, but what has been read ahead
// of a compressed input that is interrupted.
//
// Memory: 512 KiB and a record for each input that is read, and each file that
// has the beginning of a line, and what package unpack needs, besides the client's
// buffer.
//
// Shutdown: when its context ends, Run stops reading, publishes the lines that
// it has, and waits for the acknowledgements, for at most Config.Grace in all. The
// end of an input ends its last line; the end of the context ends none: the
// piece of a line that was read by then is not published, and counted as
// Unended.
package shipper
