package fanout

// The defaults of [Config].
const (
	DefaultBuffer       = 256 << 20
	DefaultStreamBuffer = 4 << 20
)

// Config is what a [Hub] is made of.
type Config struct {
	// Buffer bounds the memory of all logs together, in bytes. 0 means
	// DefaultBuffer.
	Buffer int64
	// StreamBuffer bounds the memory of one log, in bytes. 0 means
	// DefaultStreamBuffer.
	StreamBuffer int64
	// MaxStreams bounds how many logs may be made by appending; one Appender may
	// make half of it at most. Logs that readers wait for do not count until
	// something is appended to them. 0 means no bound.
	MaxStreams int
	// Next reports the size in bytes of the first entry of entries, and how
	// many sequence numbers it takes, at least 1. It is called only on what was
	// appended. Required.
	Next func(entries []byte) (size int, numbers uint64)
}

// Position is a place between two entries of a log: Next is the sequence
// number of the entry that follows it, Epoch the life of the log.
type Position struct {
	Epoch uint64
	Next  uint64
}
