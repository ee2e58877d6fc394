// Package blocks reads single messages out of the files in which a NATS server of this
// process keeps a JetStream stream. For a message that is not in its memory the server reads
// the whole block that it is in, 8 MiB; here an index beside the blocks says where each
// message stands, so that it is one read of its own length.
//
// # Contract
//
// [Reader.Get] finds what is in blocks that are complete and indexed, and says that it
// does not for everything else: then the server is to be asked, which always knows. A record
// is of the sequence that was asked for; whether it is whole, and whether it still counts
// as held, is the caller's to check. [Reader.Distrust] is for what removes messages
// from within: nothing of what is held by then is found here any more.
//
// An index holds 4 bytes for each sequence of a block. It is made once the block is
// complete, or when the Reader meets a block without one, and made anew when the server has
// rewritten the block. A wrong or torn one finds nothing; it never finds something wrong.
//
// [Reader.Run] makes them, until its context ends, one block after the other, the newest
// first. All methods may be called from any goroutine.
//
// [Unclean], [Restore] and [ReadAhead] are for the start after a kill, at which the server reads
// all blocks, since it has written to them after its own index. Restore makes that anew, out of
// sums: what each block holds, which is noted once the block is complete. A sum is of a file
// as it was read, of its size, inode and time of change, and was made after that was on the disk;
// of any other, and of the newest block, it is made anew, from the block. Whatever is not simply one whole
// message after the other makes Restore refuse, and then the server does it.
//
// Memory: 64 bytes a block, 4 bytes for each sequence of the block that is indexed, and 256 KiB
// and the subjects of the one that is summed up. Restore takes, for a moment, the subjects of all.
//
// Disk: 4 bytes a message, and about 5 bytes for each subject of each block.
//
// # The files
//
// A block is "<number>.blk", numbers grow; it is records without anything between them, all
// numbers little-endian:
//
//	length    4 bytes, of the whole record; the highest bit: it has a header
//	sequence  8 bytes; the highest bit: erased, the next: a tombstone
//	time      8 bytes, Unix nanoseconds
//	subject   its length, 2 bytes, and its bytes at once behind that
//	header    with that bit: its length, 4 bytes, and its bytes
//	payload   the rest, but for
//	hash      8 bytes
//
// An index is "<number>-<first>-<last>.index": for each sequence from the first to the last,
// and for the one behind it, 4 bytes: where its record begins, or, of one that the block
// does not have, where the next one does.
//
// A sum is "<number>.sum", see [sum.encode]. The server's own index is of the fourth version of
// its form; a test compares it with what the server makes of the same blocks.
package blocks
