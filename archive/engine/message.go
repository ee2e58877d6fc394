package engine

import (
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"sluice/archive/batch"
)

// Message is one of JetStream's: a batch, unless somebody else wrote it.
type Message struct {
	Subject  string
	Sequence uint64
	Header   nats.Header
	Payload  []byte // nil when headers alone were asked for
	Stored   time.Time
}

// Head reads and checks the batch that the message is: batch.Decode.
func (m *Message) Head() (batch.Head, error) { return batch.Decode(m.Subject, m.Header, m.Payload) }

// What may go wrong, for errors.Is.
var (
	// ErrNone: there is no such message (any more).
	ErrNone = errors.New("nothing is held there")
	// ErrUnavailable: NATS cannot be reached, or does not answer.
	ErrUnavailable = errors.New("the archive cannot be reached")
	// ErrNoArchive: NATS is there, and no archive is.
	ErrNoArchive = errors.New("there is no archive: start one with sluice archive")
	// ErrWrongSequence: somebody else appended to the subject.
	ErrWrongSequence = errors.New("another archive appended to this stream")
	// ErrFull: there is no room for the message.
	ErrFull = errors.New("the archive's store is full")
	// ErrTooLarge: the message is larger than the servers take.
	ErrTooLarge = errors.New("larger than the NATS servers take: set their max_payload to 1 MiB at least")
	// ErrNewer: a newer sluice wrote the store.
	ErrNewer = errors.New("written by a newer sluice: update this one")
)
