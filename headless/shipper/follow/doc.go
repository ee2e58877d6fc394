// Package follow opens every file that a followed name has had, at once, and
// reads each to its end, whatever becomes of its name: `tail -F`, but for whoever
// may not miss a line.
//
// # Contract
//
// Opening: a goroutine of [Names] opens, and waits for nobody who reads. The
// system tells it of names that come and go (inotify: of those alone, not of what
// is written, so a busy directory does not make it overflow). A file that was
// renamed before it could be opened is opened under the name it has then: every
// rename is followed, by its cookie, as long as it stays in directories that are
// watched. Those are the directories of all links and folders on the way to the
// name. Each is watched once: while the system changes a watch, it loses what
// happens. Besides, names are looked at every quarter of a second, which is all
// there is where the system does not notify: what comes and goes between two
// looks is not seen there, which [Unheard] says.
//
// Patterns: what matches one of Config.Patterns is followed as well, from the notice on
// that it has come: the directories in which something can match are watched, those
// that come later, too, and looked at every ten seconds besides. [Names.Found] returns
// such a name. It is followed until its reader asks for it to be forgotten and nothing
// has it; so memory is for names that are there.
//
// What is lost with a name is what the system does not keep: it tells that a name
// came and went, and not of which file. A file that had the name, got a second one
// by a hard link and lost the first before it could be opened may be one of several
// that came meanwhile, such as a copy of it; where a symbolic link led that was replaced
// before it could be read is written nowhere any more. Such a file is an arrival of
// kind [Gone], and no other is read for it: it may never have had the name. One that
// waits for room has been asked for its number, and is found under its other names in
// the same directory.
//
// Order: the arrivals of a name come in the order in which they had it.
//
// Identity: a file is its device, inode number and time of birth; where a file
// system does not know the last, what was read last is compared. A file is read
// once, whichever of the followed names it has had, and however often.
//
// Bounds: Config.MaxOpen files are open. What comes beyond that is opened when
// another was retired; [Names.Wanted] tells readers how many should be. It is
// tracked meanwhile, as it is renamed, and lost only when it is deleted or moved
// away. A file that was retired stays watched, as one of the last 1024: when
// something is written to it, it is opened again wherever it is in the directories of
// the names, and is an arrival of kind [Lost] if it is not there.
//
// A file that still has its name can be parked for another ([Names.Park]), when all of
// it was read: it is opened again when it is written to.
//
// Losses: what was gone before it could be opened is an arrival of kind [Gone],
// with a number. When the system lost notifications, an arrival of kind
// [Overflow] comes for every name: nobody knows then what was missed. A file that
// is truncated loses what was not read: [File.Read] returns a [Truncated] with
// the number of bytes that are known to be lost. It is noticed by size, sampled
// when something is written, however long nobody reads; and by content, when it
// has grown again meanwhile: nothing is taken from a file whose last bytes that
// were read are not what they were.
//
// Ownership: a File belongs to the reader of one name until it is retired.
// Locks: Names.mu, then File.mu.
package follow
