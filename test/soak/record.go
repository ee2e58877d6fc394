package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strconv"
	"time"
)

// A record of the soak says who published it, over which of its connections,
// which number it has among what that publisher sent to that stream, and which
// stream that was. At its end stands a checksum over all before it.
const (
	recordHead = `{"v":0,"name":"soak","hostname":"soak","pid":1,"level":30,"time":"`
	recordTime = "2006-01-02T15:04:05.000Z"
	recordFrom = `","msg":"","p":`
	recordSum  = `","sum":"` // then eight hexadecimal digits
	recordTail = `"}`
	noticeHead = `{"v":0,"name":"sluice",`

	maxRecord = 256 << 10 // bytes: the limit of docs/wire.md
	minRecord = 180
)

var (
	filler = makeFiller()
	table  = crc32.MakeTable(crc32.Castagnoli)
)

func makeFiller() []byte {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _"
	rnd := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 2*maxRecord)
	for i := range b {
		b[i] = letters[rnd.IntN(len(letters))]
	}
	return b
}

// identity is what a record says of itself.
type identity struct {
	publisher  int
	connection int
	stream     int
	number     uint64
}

// appendRecord appends a record of size bytes, or of as many as it takes.
func appendRecord(dst []byte, id identity, size int, now time.Time) []byte {
	begin := len(dst)
	dst = append(dst, recordHead...)
	dst = now.UTC().AppendFormat(dst, recordTime)
	dst = append(dst, recordFrom...)
	dst = strconv.AppendInt(dst, int64(id.publisher), 10)
	dst = append(dst, `,"c":`...)
	dst = strconv.AppendInt(dst, int64(id.connection), 10)
	dst = append(dst, `,"n":`...)
	dst = strconv.AppendUint(dst, id.number, 10)
	dst = append(dst, `,"s":`...)
	dst = strconv.AppendInt(dst, int64(id.stream), 10)
	dst = append(dst, `,"fill":"`...)
	if fill := size - (len(dst) - begin) - len(recordSum) - 8 - len(recordTail); fill > 0 {
		at := int(id.number*7919) % maxRecord
		dst = append(dst, filler[at:min(at+fill, len(filler))]...)
		for rest := fill - (len(filler) - at); rest > 0; rest -= len(filler) {
			dst = append(dst, filler[:min(rest, len(filler))]...)
		}
	}
	sum := crc32.Checksum(dst[begin:], table)
	dst = append(dst, recordSum...)
	dst = fmt.Appendf(dst, "%08x", sum)
	return append(dst, recordTail...)
}

var errRecord = errors.New("the record is not as it was published")

// parseRecord reads a record, and checks every byte of it.
func parseRecord(data []byte) (id identity, err error) {
	end := len(data) - len(recordSum) - 8 - len(recordTail)
	begin := len(recordHead) + len(recordTime)
	if end <= begin || !bytes.HasPrefix(data, []byte(recordHead)) || string(data[end:end+len(recordSum)]) != recordSum {
		return id, errRecord
	}
	sum, err := strconv.ParseUint(string(data[end+len(recordSum):end+len(recordSum)+8]), 16, 32)
	if err != nil || uint32(sum) != crc32.Checksum(data[:end], table) || string(data[len(data)-len(recordTail):]) != recordTail {
		return id, errRecord
	}
	// The checksum is right, so the rest is as appendRecord made it.
	rest := data[begin+len(recordFrom):]
	var p, c, s uint64
	p, rest = digits(rest)
	c, rest = digits(rest[len(`,"c":`):])
	id.number, rest = digits(rest[len(`,"n":`):])
	s, _ = digits(rest[len(`,"s":`):])
	id.publisher, id.connection, id.stream = int(p), int(c), int(s)
	return id, nil
}

func digits(b []byte) (n uint64, rest []byte) {
	for len(b) > 0 && '0' <= b[0] && b[0] <= '9' {
		n = 10*n + uint64(b[0]-'0')
		b = b[1:]
	}
	return n, b
}

// notice is a loss that is told among the records.
type notice struct {
	Dropped uint64
	Unknown bool
	Msg     string
}

// parseNotice reads a notice. ok is false when data is none.
func parseNotice(data []byte) (n notice, ok bool) {
	if !bytes.HasPrefix(data, []byte(noticeHead)) {
		return n, false
	}
	err := json.Unmarshal(data, &n)
	return n, err == nil && (n.Dropped > 0 || n.Unknown)
}

// isAbsence reports whether data tells that a consolidator was away.
func isAbsence(data []byte) bool {
	var away struct {
		Source string
		Away   *float64
	}
	return bytes.HasPrefix(data, []byte(noticeHead)) && json.Unmarshal(data, &away) == nil && away.Away != nil && away.Source != ""
}

// isEnd reports whether data tells that the proxy ends a response of lines on purpose.
func isEnd(data []byte) bool {
	var end struct{ Sluice string }
	return bytes.HasPrefix(data, []byte(noticeHead)) && json.Unmarshal(data, &end) == nil && end.Sluice == "end"
}
