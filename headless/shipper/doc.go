// Package shipper publishes lines: from files, which it can follow, and from
// standard input. It is what `sluice publish` runs.
//
// # Contract
//
// Order: the records of one input are published in the order of its lines.
// Files that are not followed are read one after the other; files that are
// followed have no order among them.
//
// Inputs: all that package unpack reads, recognised by their content; files that are
// followed must be text. Byte order marks are left out, and holes, runs of zero bytes,
// are skipped and counted.
//
// Records: a line that is a JSON object is a record, as record.Bunyan has it: a
// bunyan record byte for byte, any other made one by naming. Any other line is
// the msg of a record, with the lines that continue it: package traces tells
// which. A line that might continue it waits, and so do those behind it, at most 32
// and 16 KiB, until a later one tells, or none came for half a second. The level is
// what the first line states, or that of the trace. A text above the limit of 256
// KiB goes on in the next record; each has the field "part", from 1. Blank lines
// are left out and counted, unless they stand within a trace. A line above the
// limit, or whose record would be, becomes the msg of a record, cut, with the field
// "cut": how many bytes are missing.
//
// Following is by name, as `tail -F` does: a file that is renamed and created
// again is read to its end, until it has not grown for a second, before the new
// one is begun; what is written to the old one after that is read as well, for a
// minute. One that is truncated is read from its beginning; what was written
// and not read before the truncation is lost with the file, and its amount is
// unknown: truncations are counted and reported. One that is not there yet is
// waited for. The system notifies of changes (fsnotify); besides, files are
// polled every quarter of a second, so file systems without notifications work
// too.
//
// Delivery: publish.Client's. Nothing is read that there is no room for.
//
// Accounting: [Summary]. Every line that was read is in a record, or counted as
// blank; every record is acknowledged, or counted as what else became of it.
// The goroutine that reads also counts, and never waits in a read: there is no
// time at which something was read and is not counted, but what has been read ahead
// of a compressed input that is interrupted.
//
// Memory: 512 KiB and a record for each input that is read, and what package unpack
// needs, besides the client's buffer.
//
// Shutdown: when its context ends, Run stops reading, publishes the lines that
// it has, and waits for the acknowledgements, for at most Config.Grace in all. The
// end of an input ends its last line; the end of the context ends none: the
// piece of a line that was read by then is not published, and counted as
// Unended.
package shipper
