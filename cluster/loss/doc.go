// Package loss is what Sluice reports of records that a reader did not get: where they
// were lost, why, and how many.
//
// # Contract
//
// A [Loss] is put in words ([Loss.Text], [Loss.AppendBrief]), as a bunyan record
// ([Loss.AppendRecord] in recordings, [AppendInBand] to foreign ZeroMQ readers,
// [Event.AppendText] to readers of text), and as the data of a server-sent event
// ([Event.AppendJSON]). This package is the only one that writes those forms, and
// the only one that reads them back: [ParseRecord], [ParseEvent]. What was written
// reads back as the same loss, as far as the form has room for it; but what stands among
// published records, in band, is never believed.
//
// Sums of losses are put in words by [Number], [Summary] and [Field].
//
// Numbers are exact, or unknown beyond what was counted; never an estimate. Names
// and reasons are foreign input: words are sanitised for a terminal, JSON is not.
//
// Nothing here blocks or keeps what it is given.
package loss
