// Package batch is the form in which the archive keeps records: one message of NATS
// JetStream holds consecutive records of one stream of one consolidator in one epoch, or
// a gap that stands in their place.
//
// # Contract
//
// Records come back byte for byte, whatever they hold. A [Builder] gathers them, and
// [Builder.Encode] makes the [Message]; [EncodeGap] makes that of a gap. [Decode] checks a
// message wholly, except for its compressed bytes, which [Head.Open] does.
//
// A batch is to be cut when the Builder is Full (256 KiB of records) or a second old. A
// record has [MaxRecord] bytes at most; raw records of a batch [MaxRaw], and a message
// stays below the 1 MiB that a NATS server takes unless it is told otherwise.
//
// # The message
//
// Its subject is that of package subject, which gives consolidator and stream. Its one
// header of ours is
//
//	Sluice-Batch: 1.<base64url without padding>
//
// "1" is the version of this form; what stands behind the dot is, in this order
// (numbers are unsigned varints unless said otherwise; fixed ones are little-endian):
//
//	flags      1 gap, 2 of unknown size, 4 goes on elsewhere, 8 own times, 16 lengths, 32 latest
//	epoch      8 bytes
//	first      sequence number of the first record; of a gap, of the first lost one
//	count      records in the payload; of a gap, those lost
//	untimed    records without a time of their own
//	raw        bytes of the payload, decompressed
//	arrived    earliest (signed varint, Unix ms), latest − earliest
//	own        the same of the records' own times, with flag 8
//	after      with flag 4: epoch (8 bytes), sequence number
//	number     how many batches came before on this subject
//	prev       stream sequence of the batch before on this subject, 0 none
//	hops       [Links]: for each of them 0, or prev − hop + 1
//	kept       bytes of the payload
//	before     [Totals] of the batches before on this subject: records, raw, kept, gaps, lost, unknown
//	latest     with flag 32: latest arrived − latest time of any record before on this subject (signed)
//	sum        4 bytes: CRC-32C of the subject, version and all of the above, and payload
//
// The payload is one zstd frame that states its content's size. In it each record is a
// line that ends with "\n" or, with flag 16, since a record of the batch holds a line
// break, a varint of its length and its bytes. The payload of a gap is not
// compressed: it is the loss as it stands in recordings (package loss).
//
// # Bad input
//
// Messages are foreign input: every function takes memory and time bounded by MaxRaw.
// What is wrong is one of [ErrForeign], [ErrNewer] and [ErrDamaged], wrapped.
//
// Nothing here blocks. Builders belong to one goroutine; all else may be called from any.
package batch
