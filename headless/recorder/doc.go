// Package recorder writes the records of a source where scripts want them: a
// [Recorder] records streams into files, a [Printer] prints them as lines where
// there is no full screen.
//
// # Contract of both
//
// Order: records are written in the order in which the source hands them on,
// as whole lines. What is said of a loss comes after the records before it.
//
// Reading never waits for writing, but for the bounded inbox of the source
// (direct.Config.Inbox): while that is full, the source loses the oldest
// records for this reader alone, and tells how many. So what a slow disk or a
// slow reader of the output costs is a gap like any other, and nobody else
// notices.
//
// # A recording
//
// Lines: a record that is one line stands in the recording byte for byte; what
// is not is made one as the proxy does it (record.Normalise). A loss stands
// where it happened, as a bunyan record of level warn and name "sluice" with
// the fields stream, dropped, unknown, source, hop and cause.
//
// Accounting: see [Counts]. What arrived and could not be written is counted,
// too. At the end a word is left for each source that is lost then.
//
// Files: FILE.part is written, which gets its name when it is whole: it holds
// whole lines only, whatever ended the recording, and neither it nor an
// unfinished one of another recording is overwritten unless Config.Force is
// set. A file into which nothing was recorded does not stay, but for that of a
// recording of one file which ended as asked. Compressed files are made of
// pieces that can be read by themselves, at most a second or 256 KiB of
// lines each.
//
// Crashes: what was synced can be read, in whole lines, from FILE.part (what
// follows may be half a line or half a piece). With FsyncSecond that is all
// that came more than a second before, as long as the disk keeps up; with
// FsyncAlways all of which the source was told that it was taken; with
// FsyncNever it is up to the operating system, which loses nothing if only the
// recording was killed. After an error of the disk the file is cut to what is
// whole, and Run returns the error; if a sync failed nobody knows what is on
// the disk, and the file keeps its unfinished name.
//
// Patterns: streams that are live at the start begin as Config.Last says, from
// when they are first listed, within the first second. A stream that appears
// later is recorded from its first record, if it appears more than about two
// seconds after the start; before that nobody can tell it from one that was
// there, and what it had until it was listed may be missing.
//
// Memory: the source's inbox twice (what waits, and what is being written), at
// most 32 MiB of lines that are gathered, and 16 MiB for each stream that is
// appearing.
//
// Shutdown: Run blocks, and all its goroutines are gone when it returns. It
// returns nil when what was asked for has been recorded, when its context
// ended, and when the reader of standard output went away. Whoever must tell
// an interrupt from an end asks the context. A write that blocks cannot be
// interrupted: Run returns after it.
package recorder
