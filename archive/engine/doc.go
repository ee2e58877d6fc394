// Package engine is the NATS JetStream that the archive is kept in: a server inside this
// process, or a cluster of NATS servers that is there, behind one face. Only the address
// differs for whoever reads.
//
// # What there is
//
//	LOGS   logs.<consolidator>.<stream>   batches (package batch), until retention removes them
//	LAST   last.<consolidator>.<stream>   how far each stream was archived: one message a subject, no age
//
// LOGS is one JetStream stream for all rules of retention, so that sequences lead from
// one batch to the next whatever the rules are, and rules may change. Its age is the
// longest of the rules; a batch of a stream whose rule is shorter carries its age with
// it (Nats-TTL). See [Keep]. Other packages of the archive make JetStream streams of
// their own through [Client.JetStream].
//
// # Writing and reading
//
// [Open] is for the archive: it runs the server, or connects to the cluster, makes the
// JetStream streams, and [Engine.Append] adds batches. [Dial] is for everybody else.
// Both have the [Client]'s lookups:
//
//	Last, Get, After        one message, by a direct get: any replica answers, so that it may be a little old
//	LastAtLeader            the last batch of a subject as it is now, for whoever appends
//	Page                    the next messages of a subject or a wildcard, in one answer
//	Subjects                what is held, by subject, with the number of batches
//	Heads                   the last batch of each subject, without payload
//	Watch                   batches as they are appended, from any sequence on
//	Position, Positions     how far streams were archived; PutPosition in an Engine
//
// A batch that is asked for by its sequence, as the links lead from one to the next, is read by
// the archive out of the embedded server's files (package blocks): the server would read the
// 8 MiB that stand around it. What is not found so, it answers itself.
//
// # Contract
//
// A Client is connected for as long as it lives, and connects again for ever with
// backoff. Its methods wait for the connection up to their context's end, and then return
// an error that wraps [ErrUnavailable] and says where it was looked for and what was
// wrong. A Dial waits for nothing. Of several servers it leaves one by which no leader has
// answered for 2 s; whoever asks by JetStream himself tells it what he heard ([Client.Heard]).
//
// Appending: one append of a subject may be in flight, at the sequence of that subject's
// last batch; any number of subjects at once. Whoever names another sequence is refused
// ([ErrWrongSequence]) and nothing is added. An append that ends with ErrUnavailable may
// have been stored or not: the last batch of the subject, asked for at the leader, tells. An
// acknowledgement means that the batch was written to the file, not that it is on the disk:
// that is Config.Sync.
//
// A full disk: a fiftieth of it, 8 MiB to 1 GiB, is left free; below that appends are
// refused with ErrFull until there is room again. If others fill the disk faster than that is
// seen, the server gives up a file that it cannot write, and is started anew when there is
// room. What was acknowledged stays.
//
// All methods may be called from any goroutine. What they return belongs to the caller.
//
// Shutdown: [Engine.Close] ends the server cleanly, and gives the lock on the store back. After
// any other end [Open] makes the server's index of its blocks anew, which reads what was
// written last, or has the server read all blocks where that cannot be certain.
package engine
