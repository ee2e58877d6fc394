// Package replay reads recordings and hands their records on as a live source
// would: at the pace at which they were recorded, faster, slower, or as fast as
// they are taken.
//
// # Contract
//
// A [Source] reads any number of files: all that package unpack reads, recognised by
// their content. A file is lines, without byte order marks and holes; a line is a
// record, whatever wrote it. What is no JSON object is a record whose msg is the line.
//
// Order: the records of one file come in the file's order. Several files are
// merged by time, without opening one before its first record's turn. A record
// without a time stands at the time of the one before it in its file, and so
// does one whose time went back, by less than a minute; more than that is taken
// for a clock that was set. A record whose time is more than 30 days from those of its
// neighbours, which agree, stands at theirs, for From and To too, and is counted.
//
// Streams: a recording of several streams has lines between the records that say of which
// they are; they are no records. See marks.go.
//
// Pace: each record comes when its time has come, counted from the one before
// it and divided by the speed. A slow reader makes the replay late; it
// does not hurry to make up for more than a second. Without an IdleLimit a record that is
// more than a day later than the one before it comes at once, and that is counted.
//
// Window: what comes again ("14:05") is meant as the one in the recording that is
// nearest to its start; of To, nearest to From. "+5m" is after the start of the recording, "-5m"
// before its end, which is looked for only then, and "yesterday" the day before Config.Now.
//
// Accounting: every line between From and To is handed on, once. A file that
// ends in the middle of a record or of its compression, as after a crash, is
// read up to there, and what is missing is a gap of unknown number. Lines above
// the limit are cut, and counted in [Stats]; so are holes, runs of zero bytes, which
// are skipped; one at the end of a file is such a gap, too. A file that is broken, or
// cannot be read, is an error of Run, after everything else was handed on.
//
// Seeking: [Source.Seek] and [Source.Skip] go to another time, if Config.Seekable; what comes before it
// comes at once. On the way back a notice of [stream.KindRestart] comes first, and everything again
// after it: then all that was handed on before is to be forgotten.
//
// Clock: [Source.RecordTime] is where the replay is in its recordings; records and
// gaps arrive by it.
//
// Gaps: with Config.Gaps, lines in which Sluice recorded a loss become gap
// notices: see loss.ParseRecord. Otherwise they are records like any others.
//
// Memory: Config.Inbox, and for each file that is open at most the longest line
// and what package unpack needs, a window of 128 MiB at most in each layer; however
// large the files are.
//
// Shutdown: [Source.Run] blocks, and returns nil when all was handed on or its
// context ended. Take then returns what is left, and after that
// [stream.ErrClosed]. No goroutine outlives Run.
package replay
