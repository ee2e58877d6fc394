package blocks

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"

	"github.com/minio/highwayhash"
)

// sum is what a block holds, as far as the server has to know it when it begins.
type sum struct {
	file        identity
	first, last uint64 // sequences
	firstAt     int64  // Unix nanoseconds
	lastAt      int64
	messages    uint64
	bytes       uint64 // of their records
	aged        uint64 // messages that carry an age of their own
	check       [hashSize]byte
	gone        []span    // sequences between the first and the last that are not there
	subjects    []tallied // by subject
}

// span is sequences from one up to and with another.
type span struct{ from, to uint64 }

// tallied is how many messages of a subject there are.
type tallied struct {
	subject  string
	messages uint64
}

// identity is of a file that nobody has written since.
type identity struct {
	size, modified int64 // bytes, Unix nanoseconds
	inode          uint64
}

func identityOf(info os.FileInfo) (identity, error) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}, errUncertain
	}
	return identity{info.Size(), info.ModTime().UnixNano(), s.Ino}, nil
}

// errUncertain is of what the server alone may judge.
var errUncertain = errors.New("only the server can tell")

// hasher is the server's hash of what has a name.
func hasher(name string) *highwayhash.Digest64 {
	key := sha256.Sum256([]byte(name))
	h, err := highwayhash.NewDigest64(key[:])
	if err != nil { // of a key that is not of 32 bytes
		panic(err)
	}
	return h
}

// The headers of the server that matter when it begins.
var (
	ageKey      = []byte("\r\nNats-TTL:")
	scheduleKey = []byte("\r\nNats-Schedule")
)

// summing makes a sum of a block that comes in pieces, and checks it as the server does. What
// is not simply one message after the other, all of them whole, is left to the server.
type summing struct {
	sum
	at       int64 // bytes of the block that were read
	hash     *highwayhash.Digest64
	subjects map[string]uint64
}

func newSumming(stream string, block uint32) *summing {
	return &summing{hash: hasher(fmt.Sprintf("%s-%d", stream, block)), subjects: make(map[string]uint64)}
}

func (s *summing) uncertain(why string) error {
	return fmt.Errorf("at %d: %s: %w", s.at, why, errUncertain)
}

// take reads the records that data begins with, and returns the bytes of those that are whole.
func (s *summing) take(data []byte) (n int, err error) {
	for len(data)-n >= headSize {
		h, err := readHead(data[n:])
		if err != nil {
			return n, s.uncertain("no record")
		}
		if h.size > len(data)-n {
			break
		}
		if err := s.record(h, data[n:n+h.size]); err != nil {
			return n, err
		}
		n += h.size
		s.at += int64(h.size)
	}
	return n, nil
}

func (s *summing) record(h head, record []byte) error {
	if h.gone {
		return s.uncertain("a removal")
	}
	if h.sequence <= s.last || h.inSubject == 0 {
		return s.uncertain("out of order")
	}
	body, own := record[headSize:h.size-hashSize], record[h.size-hashSize:]
	subject, rest := body[:h.inSubject], body[h.inSubject:]
	if h.header {
		n := binary.LittleEndian.Uint32(rest)
		if rest = rest[4:]; uint64(n) > uint64(len(rest)) {
			return s.uncertain("a header that is too long")
		}
		if bytes.Contains(rest[:n], scheduleKey) {
			return s.uncertain("a schedule")
		}
		if bytes.Contains(rest[:n], ageKey) {
			s.aged++
		}
	}
	s.hash.Reset()
	_, _ = s.hash.Write(record[4:20])
	_, _ = s.hash.Write(subject)
	_, _ = s.hash.Write(rest)
	var room [highwayhash.Size64]byte
	if !bytes.Equal(s.hash.Sum(room[:0]), own) {
		return s.uncertain("a wrong checksum")
	}
	if s.first == 0 {
		s.first, s.firstAt = h.sequence, h.stored
	} else if h.sequence > s.last+1 {
		s.gone = append(s.gone, span{s.last + 1, h.sequence - 1})
	}
	if h.sequence-s.first >= maxSequence {
		return s.uncertain("too many sequences")
	}
	s.last, s.lastAt = h.sequence, h.stored
	s.messages++
	s.bytes += uint64(h.size)
	s.subjects[string(subject)]++
	copy(s.check[:], own)
	return nil
}

// end returns the sum of all that was taken.
func (s *summing) end() (*sum, error) {
	if s.messages == 0 {
		return nil, s.uncertain("it is empty")
	}
	done := s.sum
	for subject, messages := range s.subjects {
		done.subjects = append(done.subjects, tallied{subject, messages})
	}
	slices.SortFunc(done.subjects, func(a, b tallied) int { return cmp.Compare(a.subject, b.subject) })
	return &done, nil
}

const sumWindow = 256 << 10 // of a block that is read at once to be summed up

// sumFile reads a block, and returns its sum.
func sumFile(c *Config, block uint32) (*sum, error) {
	f, err := os.Open(blockPath(c.Blocks, block))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	before, err := identify(f)
	if err != nil {
		return nil, err
	}
	if before.size > maxBlock {
		return nil, fmt.Errorf("block %d of %d bytes: %w", block, before.size, errUncertain)
	}
	s, err := sumOf(f, c.Stream, block)
	if err != nil {
		return nil, fmt.Errorf("block %d %w", block, err)
	}
	if err := f.Sync(); err != nil { // what is said of it holds after the machine went down, too
		return nil, err
	}
	if s.file, err = identify(f); err != nil || s.file != before || s.bytes != uint64(before.size) {
		return nil, errors.Join(errStale, err)
	}
	return s, nil
}

// sumOf reads a block to its end.
func sumOf(r io.Reader, stream string, block uint32) (*sum, error) {
	s := newSumming(stream, block)
	buf, had := make([]byte, sumWindow), 0
	for {
		n, err := r.Read(buf[had:])
		had += n
		used, failed := s.take(buf[:had])
		if failed != nil {
			return nil, failed
		}
		had = copy(buf, buf[used:had])
		switch {
		case errors.Is(err, io.EOF) && had == 0:
			return s.end()
		case errors.Is(err, io.EOF):
			return nil, s.uncertain("half a record")
		case err != nil:
			return nil, err
		case had == len(buf):
			if len(buf) >= maxRecord {
				return nil, s.uncertain("no record")
			}
			buf = append(buf, make([]byte, maxRecord-len(buf))...)
		}
	}
}

func identify(f *os.File) (identity, error) {
	info, err := f.Stat()
	if err != nil {
		return identity{}, err
	}
	return identityOf(info)
}
