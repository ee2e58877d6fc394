package blocks

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A sum is kept as "<block>.sum": the words below, as varints; subjects in their order, each
// without what it has in common with the one before it; and the SHA-256 of all that.
const (
	sumForm   = "sluice sum 1\n"
	sumSuffix = ".sum"
	mostSum   = 64 << 20 // bytes
)

var errNoSum = errors.New("it is no sum")

func sumPath(dir string, block uint32) string {
	return filepath.Join(dir, strconv.FormatUint(uint64(block), 10)+sumSuffix)
}

// parseSum returns the block whose sum has a name.
func parseSum(name string) (block uint32, ok bool) {
	text, ok := strings.CutSuffix(name, sumSuffix)
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), ok && err == nil && strconv.FormatUint(n, 10) == text
}

func (s *sum) encode() []byte {
	b := []byte(sumForm)
	for _, v := range []uint64{
		uint64(s.file.size), uint64(s.file.modified), s.file.inode, s.first, s.last,
		uint64(s.firstAt), uint64(s.lastAt), s.messages, s.bytes, s.aged,
	} {
		b = binary.AppendUvarint(b, v)
	}
	b = append(b, s.check[:]...)
	b = binary.AppendUvarint(b, uint64(len(s.gone)))
	at := s.first
	for _, g := range s.gone {
		b = binary.AppendUvarint(b, g.from-at)
		b = binary.AppendUvarint(b, g.to-g.from)
		at = g.to
	}
	b = binary.AppendUvarint(b, uint64(len(s.subjects)))
	before := ""
	for _, t := range s.subjects {
		common := 0
		for common < min(len(before), len(t.subject)) && before[common] == t.subject[common] {
			common++
		}
		b = binary.AppendUvarint(b, uint64(common))
		b = binary.AppendUvarint(b, uint64(len(t.subject)-common))
		b = append(b, t.subject[common:]...)
		b = binary.AppendUvarint(b, t.messages)
		before = t.subject
	}
	hash := sha256.Sum256(b)
	return append(b, hash[:]...)
}

// decodeSum reads what encode made. It is right, or an error.
func decodeSum(b []byte) (*sum, error) {
	if len(b) < len(sumForm)+sha256.Size || string(b[:len(sumForm)]) != sumForm {
		return nil, errNoSum
	}
	text := b[:len(b)-sha256.Size]
	if hash := sha256.Sum256(text); !bytes.Equal(hash[:], b[len(text):]) {
		return nil, errNoSum
	}
	text = text[len(sumForm):]
	good := true
	next := func() uint64 {
		v, n := binary.Uvarint(text)
		if n <= 0 {
			good, text = false, nil
			return 0
		}
		text = text[n:]
		return v
	}
	take := func(n uint64) []byte {
		if n > uint64(len(text)) {
			good, text = false, nil
			return nil
		}
		taken := text[:n]
		text = text[n:]
		return taken
	}
	var s sum
	s.file = identity{int64(next()), int64(next()), next()}
	s.first, s.last = next(), next()
	s.firstAt, s.lastAt = int64(next()), int64(next())
	s.messages, s.bytes, s.aged = next(), next(), next()
	copy(s.check[:], take(hashSize))
	at := s.first
	for n := next(); n > 0 && good; n-- {
		g := span{from: at + next()}
		g.to = g.from + next()
		s.gone, at = append(s.gone, g), g.to
	}
	before := ""
	for n := next(); n > 0 && good; n-- {
		common := next()
		if common > uint64(len(before)) {
			return nil, errNoSum
		}
		before = before[:common] + string(take(next()))
		s.subjects = append(s.subjects, tallied{before, next()})
	}
	if !good || len(text) > 0 || s.wrong() {
		return nil, errNoSum
	}
	return &s, nil
}

// wrong reports that a sum is of no block: its parts do not fit.
func (s *sum) wrong() bool {
	if s.first == 0 || s.last < s.first || s.last-s.first >= maxSequence {
		return true
	}
	holds, after := s.last-s.first+1, s.first
	for _, g := range s.gone {
		if g.from <= after || g.to < g.from || g.to >= s.last {
			return true
		}
		holds, after = holds-(g.to-g.from+1), g.to
	}
	tallied := uint64(0)
	for i, t := range s.subjects {
		if t.subject == "" || t.messages == 0 || t.messages > holds || i > 0 && t.subject <= s.subjects[i-1].subject {
			return true
		}
		tallied += t.messages
	}
	return holds != s.messages || tallied != holds || s.aged > holds || s.bytes != uint64(s.file.size)
}

// loadSum returns the sum of a block that is kept, if it is of the block as it is now.
func loadSum(c *Config, block uint32) (*sum, error) {
	info, err := os.Stat(blockPath(c.Blocks, block))
	if err != nil {
		return nil, err
	}
	id, err := identityOf(info)
	if err != nil {
		return nil, err
	}
	path := sumPath(c.Index, block)
	if info, err := os.Stat(path); err != nil || info.Size() > mostSum {
		return nil, errors.Join(errNoSum, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := decodeSum(text)
	if err != nil || s.file != id {
		return nil, errors.Join(errNoSum, err)
	}
	return s, nil
}

// save keeps a sum.
func (s *sum) save(c *Config, block uint32) error {
	path := sumPath(c.Index, block)
	if err := os.WriteFile(path+".new", s.encode(), 0o600); err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("keep what a block holds: %w", err)
	}
	return nil
}
