// Package consume works through what the archive holds, and what comes to it, by any
// number of workers that share the work: a handler and nothing else to learn.
//
//	worker, err := consume.New(consume.Config{
//		Archive: client, Group: "index", Streams: []string{"tenant/*"},
//		Handle: func(ctx context.Context, b *consume.Batch) error { return index(b.Records) },
//	})
//	err = worker.Run(ctx)
//
// # Contract
//
// Workers of the same group share its work, on any number of machines; they join, leave,
// die and hang without a pause for the others. A group is made by its first worker and
// stays until [Forget]; all its workers name the same streams.
//
// Delivery: at least once. A batch is done when the handler has returned nil. It is given
// to one worker at a time, and comes to another one within 10 seconds when its worker
// has died, hangs as a whole, or is cut off; then it is handled twice, and counted in
// [Stats.Redelivered]. What the archive says it does not have (its gaps, what expired
// before the group read it, what is damaged) comes to the handler in its place, as a Batch
// with a Loss.
//
// What expired unread is found by the batches themselves, which say how many records came
// before them, and by what the group was given of each subject, which workers note every
// 10 seconds. So the number is exact, unless all workers were killed: then it may take in
// what was handled in their last 10 seconds. It is told with the next batch of the stream.
//
// Live first: a group has a cursor for what is new and one for its backlog, which is
// fetched when there is nothing new. The line between them is a sequence in the
// JetStream stream, kept with the group: what stands before it belongs to the one, all
// else to the other, and nothing to both. When the live cursor has fallen behind by 30
// seconds, since there were no workers or too few, the line is moved to the newest: what
// stood between becomes backlog of its own, up to 8 parts of it, the oldest first. (The
// time doubles with each part.)
//
// Deferred: when the handler fails, panics or takes longer than Config.Timeout, the batch
// is put aside in halves and only then acknowledged, and the halves are tried when there
// is nothing new. So are the halves of a half, at once, until a single record fails: only
// that one has attempts, 1, 2, 4 … 60 seconds apart. After Config.Attempts it rests
// among the dead, until [Deferred.Retry] or [Deferred.Drop]. A batch whose workers died
// twice with it is put aside, too, and tried there. What is put aside by somebody who does
// not know whether that came through, as when a server dies, is there once all the same.
//
// Ordered, on request: one batch of a stream of a consolidator at a time, in order, across
// workers. What fails is tried again in its place, halved in the same way: so it holds up
// its own stream, until it is dead, and no other one. There is no live cursor then.
//
// Blocking: Run works until its context has ended or the archive says that it never will
// do what is asked. While the archive is away it waits, and goes on by itself. Config.Handle
// is called by one goroutine at a time; what it does not return from by the timeout goes on
// without the worker, and a worker with 8 such calls ends.
//
// Shutdown: what a worker holds when its context ends is given back at once; a handler
// that is at work is told by its context, and has a second.
//
// Memory: a worker holds as many batches as it handles in a tenth of a second, 32 at most,
// and for an ordered group 200 bytes a stream.
package consume
