// Package recorder writes the records of streams into files, for scripts.
//
// # Contract
//
// Order: records are written in the order in which the source hands them on,
// as whole lines. A loss comes after the records before it.
//
// Blocking: reading never waits for writing, except through the bounded inbox of
// the source (stream.Config.Inbox): while that is full, the source loses the
// oldest records for this reader alone, and counts them. So what a slow disk costs
// is a gap like any other, and no other reader is slowed down.
//
// Lines: a record that is one line without zero bytes is recorded byte for byte; any
// other is made one as the proxy does it (record.Normalise). A file of several streams
// says before the records of which they are: see marks.go. A loss stands where it
// happened, as loss.Loss.AppendRecord writes it; a record that ends as that has another
// name for its last field. At the end there is one for each source that is
// lost then.
//
// Accounting: see [Counts]. What arrived and could not be written is counted,
// too.
//
// Files: FILE.part is written, and gets its name when it is complete. It holds
// whole lines only, however the recording ended. Neither FILE nor an unfinished
// file of another recording is overwritten unless Config.Force is set. A file
// without records is removed, unless it is the only one of a recording that ended
// as asked. Compressed files are made of pieces that can be read by themselves, at
// most a second or 256 KiB of lines each.
//
// Crashes: what was synced can be read, in whole lines, from FILE.part (what
// follows may be half a line or half a piece). With FsyncSecond that is all
// that came more than a second before, as long as the disk keeps up; with
// FsyncAlways it is every batch but the last; with FsyncNever it is up to the
// operating system, which loses nothing if only the recording was killed. After an
// error of the disk the file is cut to what is whole, and Run returns the error, but for
// a disk that is full under rotated files: see full_disk.go; if
// a sync failed it is unknown what is on the disk, and the file keeps its
// unfinished name.
//
// Patterns: see package selection. Of a stream that appeared, what is from before the
// recording is no part of it.
//
// Memory: the source's inbox twice (what waits, and what is being written), at
// most 32 MiB of lines that are gathered, and 16 MiB for each stream that is
// appearing.
//
// Shutdown: Run blocks, and all its goroutines are gone when it returns. It
// returns nil when what was asked for has been recorded, when its context
// ended, and when the reader of standard output went away: to distinguish an
// interrupt from an end, ask the context. A write that blocks cannot be
// interrupted: Run returns after it.
package recorder
