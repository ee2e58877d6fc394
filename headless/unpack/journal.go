package unpack

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"sluice/cluster/jsonscan"
)

// journalBegin is how `journalctl -o export` begins each entry.
const journalBegin = "__CURSOR="

const (
	maxEntry      = 1 << 20 // bytes of an entry's values that are kept
	maxValues     = 1024    // of them
	maxFieldName  = 64      // bytes, as the journal has it
	maxFieldValue = 1 << 36 // bytes that a value may say it has
)

// journal makes lines of JSON, as `journalctl -o json` writes them, of the entries
// of `journalctl -o export`: lines of NAME=value, or of NAME, then the length of a
// value in eight bytes, and the value; an empty line ends an entry.
type journal struct {
	in     *bufio.Reader
	out    []byte // a line that is not read yet
	fields []journalField
	values int   // that they have
	size   int   // of these, in bytes
	cut    int64 // bytes left out of the entry
	err    error
}

// journalField is a field of an entry, which may have several values.
type journalField struct {
	name   string
	values [][]byte
}

// NewJournal returns the entries of `journalctl -o export` as `journalctl -o json` writes
// them, a line each, as soon as an entry is whole. Each has its values up to 1 MiB in
// all, and the field "cut" if more were left out.
func NewJournal(in io.Reader) io.Reader { return &journal{in: bufio.NewReaderSize(in, bufferSize)} }

func newJournal(in *bufio.Reader) (io.ReadCloser, error) { return &journal{in: in}, nil }

func (j *journal) Close() error { return nil }

// Read reads lines, each as soon as its entry is whole.
func (j *journal) Read(p []byte) (int, error) {
	for len(j.out) == 0 {
		if j.err != nil {
			return 0, j.err
		}
		j.out = j.out[:0:cap(j.out)]
		j.err = j.field()
	}
	n := copy(p, j.out)
	j.out = j.out[n:]
	return n, nil
}

// field reads a field, or the end of an entry. An entry that is cut short is handed
// on as far as it goes.
func (j *journal) field() error {
	line, whole, err := j.line()
	switch {
	case err != nil && len(line) == 0 && len(j.fields) == 0:
		return err
	case err != nil:
		j.end()
		return cutShort(err)
	case len(line) == 0:
		j.end()
		return nil
	}
	name, value, plain := bytes.Cut(line, []byte("="))
	if plain {
		j.add(string(name), value, whole)
		return nil
	}
	if err := j.binary(string(name)); err != nil {
		j.end()
		return err
	}
	return nil
}

// line reads a line, of which it keeps as much as an entry may have. What is left
// out is counted.
func (j *journal) line() (line []byte, whole int64, err error) {
	for {
		piece, err := j.in.ReadSlice('\n')
		whole += int64(len(piece))
		if room := maxEntry + maxFieldName + 2 - len(line); room > 0 {
			line = append(line, piece[:min(len(piece), room)]...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		return line, whole - int64(len(line)) - 1, err
	}
}

// binary reads the value of a field that may hold line breaks.
func (j *journal) binary(name string) error {
	if !isFieldName(name) {
		return fmt.Errorf("in a journal's export %.80q is no field", name)
	}
	var head [8]byte
	if _, err := io.ReadFull(j.in, head[:]); err != nil {
		return cutShort(err)
	}
	size := binary.LittleEndian.Uint64(head[:])
	if size > maxFieldValue {
		return fmt.Errorf("in a journal's export the field %s says that it has %d bytes", name, size)
	}
	kept := min(size, maxEntry)
	value, err := io.ReadAll(io.LimitReader(j.in, int64(kept)))
	left := int64(size) - int64(len(value))
	if err == nil {
		_, err = io.CopyN(io.Discard, j.in, left)
	}
	j.add(name, value, left)
	if err != nil {
		return cutShort(err)
	}
	switch c, err := j.in.ReadByte(); {
	case err != nil:
		return cutShort(err)
	case c != '\n':
		return fmt.Errorf("in a journal's export the field %s does not end where it says", name)
	}
	return nil
}

func isFieldName(name string) bool {
	for _, c := range []byte(name) {
		if c != '_' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && len(name) <= maxFieldName
}

// add adds a field to the entry, as far as there is room; cut is how many bytes of
// its value are missing already.
func (j *journal) add(name string, value []byte, cut int64) {
	room := maxEntry - j.size
	if j.values == maxValues {
		room = 0
	}
	if len(value) > room {
		cut += int64(len(value) - room)
		value = value[:room]
	}
	j.cut += cut
	if len(value) == 0 && (cut > 0 || room == 0) {
		return
	}
	j.values++
	j.size += len(value)
	value = bytes.Clone(value)
	for i := range j.fields {
		if j.fields[i].name == name {
			j.fields[i].values = append(j.fields[i].values, value)
			return
		}
	}
	j.fields = append(j.fields, journalField{name, [][]byte{value}})
}

// end makes a line of the entry.
func (j *journal) end() {
	if len(j.fields) == 0 {
		return
	}
	for i := range j.fields {
		f := &j.fields[i]
		j.out = append(j.out, "{,"[min(i, 1)])
		j.out = append(jsonscan.AppendString(j.out, f.name), ':')
		if len(f.values) == 1 {
			j.out = appendValue(j.out, f.values[0])
			continue
		}
		for k, value := range f.values {
			j.out = append(j.out, "[,"[min(k, 1)])
			j.out = appendValue(j.out, value)
		}
		j.out = append(j.out, ']')
	}
	if j.cut > 0 {
		j.out = append(j.out, `,"cut":`...)
		j.out = strconv.AppendInt(j.out, j.cut, 10)
	}
	j.out = append(j.out, '}', '\n')
	j.fields, j.values, j.size, j.cut = nil, 0, 0, 0
}

// appendValue appends a value: a text, or a list of its bytes if it is none.
func appendValue(dst, value []byte) []byte {
	if utf8.Valid(value) {
		return jsonscan.AppendString(dst, string(value))
	}
	for i, c := range value {
		dst = append(dst, "[,"[min(i, 1)])
		dst = strconv.AppendUint(dst, uint64(c), 10)
	}
	return append(dst, ']')
}
