package recorder

// What tests of a disk need.
type (
	Disk = disk
	File = file
)

// NewOn is New for another disk than the operating system's.
func NewOn(config Config, d Disk) (*Recorder, error) { return newRecorder(config, d) }

// FilePart is what a stream's name becomes in a file's.
var FilePart = filePart

// PartEnding is what the names of unfinished files end with.
const PartEnding = partEnding
