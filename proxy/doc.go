// Package proxy serves live streams over HTTP: it tails each wanted stream once
// at all consolidators, and any number of sessions read from its own log of it.
//
// # Contract
//
// A session is one HTTP response. With "Accept: text/event-stream" it gets
// server-sent events, otherwise one JSON record a line.
//
// Log: the upstream [Source] is read by one goroutine, which normalises each
// record once and appends it to a fanout.Hub, as an entry: see package entry.
// Each session makes its own form of it. An event's id has the place in that log and,
// for other proxies, the positions at the consolidators, which go by keys of their
// names; with several streams it has the positions alone. A reader of ours, which is
// told the sources, gets a shorter one: the place, the number of the consolidator in
// this log, and the record's sequence number there. Losses upstream stand in the log
// and take as many numbers as records were lost, so no eviction forgets them.
//
// Order: as the Source hands records on. A session sees the source event of a
// number before the first record with that number.
//
// Accounting: for each session, from where it began: records in the log =
// sent + the counts of its dropped events. A session that comes back with the id of
// its last event goes on at the next one, at any proxy: by the place in this log, or by
// the positions at up to 16 consolidators that the id has; with Sluice-Positions by
// those. What this log does not have is read again from the consolidators for that
// session alone. What cannot be had is reported, with its number where that can be
// known; beyond 16 positions, what may come twice. Package resume decides all that.
// With a loss here, the session's id, or a reader of ours, is told where this log goes
// on at each consolidator; when that cannot be found out, the session goes on at the
// end of the log, where it is known.
//
// History: with Config.History, what a session wants of before its log comes out of an archive
// first: records since a time, more of the newest than the logs have, and what one that comes back
// names and the log does not lead on from. Its patterns match what is held, too, though nobody
// writes it: all that has something since the time, or with last=; of who comes back, what its id
// names. Several streams are read as one, merged by time. Where that ends, at each consolidator, the
// session goes on as one that comes back with those positions: nothing comes twice or is missing
// there, but the times may go back by what the archive gathers batches for, a second. 64 sessions read it at a time, one
// with more than 16 streams counting as several, each with 1 MiB that waits; a session without a
// turn, or whose archive fails, is told of an unknown loss and goes on. What is held is listed
// every ten seconds at most, and waited for three.
//
// Tails: a stream is tailed at the consolidators from its first session until
// a minute after its last one, unless others need the room; of those without a record
// 256 are kept. Names that no consolidator lists begin 50 a second at length, others at
// once. The first session waits until the backfill is
// there. What was logged before a tail began is never served.
//
// Blocking: a session writes at most Config.WriteTimeout long without progress
// and is closed then. Nothing it does delays another, or the log. For what is read again
// for it, neither its other streams nor its heartbeat wait.
//
// Gathering: a session that was just written to waits for more, from 0.8 ms for a few to
// 50 ms for a thousand and more. From 200 on they are a crowd: at ticks that all share the
// source is read, and those of one stream without a filter, over HTTP/1.1 without TLS, are
// written to one after another, by no goroutine of their own, as long as their readers take
// it at once.
//
// Memory: Config.Buffer for all logs; a session holds one batch of 32 KiB and
// at most one event more, and while it reads again what its source hands on at a time.
//
// Isolation: a session reads the streams that it names, whose names are compared
// whole, and those that match its patterns, as far as its grant goes. Records of several
// are merged by time, as far as they are there at the same time; last=N is N records of
// them in all, the newest ones, what the logs have counting as newer than what only the archive has.
//
// Absences: that a consolidator was away is told to who was there, or comes back from
// before it, with a place in this log, with positions at the consolidators, or with a time;
// maybe twice, by the same back. To whom it is told by positions, the stream was tailed here
// when the consolidator was away.
//
// Shutdown: when Run's context ends, no new session begins (to foreign readers of events that is
// a response that has ended), each gets what is
// pending and an end event, spread over at most Config.Grace; then Run returns
// nil with all goroutines gone.
//
// Locks, in the order in which they may be taken: tails.mu, tail.mu, then
// those of the Hub.
package proxy
