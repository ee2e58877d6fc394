package follow

// change is what the system tells.
type change struct {
	kind   changeKind
	wd     int    // of the directory, or the file
	cookie uint32 // the same for both ends of a rename
	entry  string // of the directory
	isDir  bool   // the entry is a directory
}

type changeKind uint8

const (
	changeOverflow  changeKind = iota // some were lost
	changeUnwatched                   // nothing more comes of this wd
	changeDirectory                   // the directory itself was deleted or renamed
	changeCreated                     // an entry is there: a file, a link, a folder
	changeMovedTo
	changeMovedFrom
	changeDeleted
	changeWritten // to a file; or it was truncated
	changeOpened  // a file, by whomever
	changeClosed  // a file that could be written to
)
