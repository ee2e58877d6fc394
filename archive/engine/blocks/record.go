package blocks

import (
	"encoding/binary"
	"errors"
)

// Record is a message as it stands in a block. Its parts share their memory.
type Record struct {
	Sequence uint64
	Stored   int64 // Unix nanoseconds
	Subject  string
	Header   []byte // "NATS/1.0" and lines; nil without one
	Payload  []byte
}

const (
	headSize  = 4 + 8 + 8 + 2
	hashSize  = 8
	maxRecord = 2 << 20 // a message is of 1 MiB at most

	hasHeader = 1 << 31
	erased    = 1 << 63
	tombstone = 1 << 62
)

var errNoRecord = errors.New("it is no record")

// head is what a record begins with.
type head struct {
	size      int // of the whole
	header    bool
	sequence  uint64
	gone      bool // there is no message in it
	stored    int64
	inSubject int
}

func readHead(b []byte) (h head, err error) {
	if len(b) < headSize {
		return h, errNoRecord
	}
	length := binary.LittleEndian.Uint32(b)
	h.header = length&hasHeader != 0
	h.size = int(length &^ hasHeader)
	h.sequence = binary.LittleEndian.Uint64(b[4:])
	h.gone = h.sequence&(erased|tombstone) != 0
	h.stored = int64(binary.LittleEndian.Uint64(b[12:]))
	h.inSubject = int(binary.LittleEndian.Uint16(b[20:]))
	least := headSize + h.inSubject + hashSize
	if h.header {
		least += 4
	}
	if h.size < least || h.size > maxRecord {
		return h, errNoRecord
	}
	return h, nil
}

// readRecord reads the record that memory begins with.
func readRecord(b []byte) (r Record, err error) {
	h, err := readHead(b)
	if err != nil {
		return r, err
	}
	if h.gone || h.size > len(b) {
		return r, errNoRecord
	}
	rest := b[headSize : h.size-hashSize]
	r = Record{Sequence: h.sequence, Stored: h.stored, Subject: string(rest[:h.inSubject])}
	rest = rest[h.inSubject:]
	if h.header {
		n := binary.LittleEndian.Uint32(rest)
		if rest = rest[4:]; uint64(n) > uint64(len(rest)) {
			return r, errNoRecord
		}
		r.Header, rest = rest[:n], rest[n:]
	}
	r.Payload = rest
	return r, nil
}
