package follow

import "io/fs"

// ID tells one file from all others.
type ID struct {
	Dev  uint64 `json:"dev"`
	Ino  uint64 `json:"ino"`
	Born int64  `json:"born,omitempty"` // nanoseconds since 1970; 0 where the file system does not know: then the inode may be another's
}

// status is what the system says of a file.
type status struct {
	ID
	size   int64
	backed int64 // bytes of it that are no hole, about
	links  uint64
	stamp  int64 // when it was written to last, nanoseconds since 1970
	mode   fs.FileMode
}
