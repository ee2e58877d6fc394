package recorder

import "time"

// What tests of a disk need.
type (
	Disk = disk
	File = file
)

// NewOn is New for another disk than the operating system's.
func NewOn(config Config, d Disk) (*Recorder, error) { return newRecorder(config, d) }

// BoundaryAfter is when the interval ends in which files are at a time, when they
// were begun at another.
func BoundaryAfter(every time.Duration, begun, now time.Time) (time.Time, error) {
	f, err := newFiles(&Config{Out: "x.ndjson", Rotate: every}, osDisk{})
	if err != nil {
		return time.Time{}, err
	}
	f.turn(begun)
	err = f.rotate(now)
	return f.boundary, err
}

// FilePart is what a stream's name becomes in a file's.
var FilePart = filePart

// PartEnding is what the names of unfinished files end with.
const PartEnding = partEnding
