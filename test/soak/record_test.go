package main

import (
	"bytes"
	"testing"
	"time"

	"sluice/cluster/record"
)

func TestRecord(t *testing.T) {
	for _, size := range []int{0, minRecord, 5000, maxRecord, maxRecord + 70_000, 2*maxRecord + 7} {
		for _, n := range []uint64{0, 99, 262_000} {
			id := identity{publisher: 11, connection: 207, stream: 3, number: n}
			rec := appendRecord([]byte("x"), id, size, time.Now())[1:]
			if size > minRecord && len(rec) != size {
				t.Errorf("a record of %d bytes, want %d", len(rec), size)
			}
			got, err := parseRecord(rec)
			if err != nil || got != id {
				t.Errorf("parsed as %+v, %v", got, err)
			}
			for _, at := range []int{len(recordHead) + 2, len(rec) / 2, len(rec) - 5, len(rec) - 1} {
				bad := bytes.Clone(rec)
				bad[at] ^= 1
				if _, err := parseRecord(bad); err == nil {
					t.Errorf("a wrong byte at %d of %d is not found", at, len(rec))
				}
			}
			if _, err := parseRecord(rec[:len(rec)-1]); err == nil {
				t.Error("a missing byte is not found")
			}
		}
	}
}

// What the proxy says in a response of lines is no record, and no loss.
func TestEndOfLines(t *testing.T) {
	line := record.AppendNotice(nil, time.Now(), record.Info, "the proxy is shutting down: ask again", record.NoticeKey, record.NoticeEnd)
	if !isEnd(line) || isAbsence(line) {
		t.Errorf("not taken as the end of a response: %s", line)
	}
	if _, ok := parseNotice(line); ok {
		t.Errorf("taken as a loss: %s", line)
	}
	if lost := record.AppendNotice(nil, time.Now(), record.Warn, "lost", "dropped", 3, record.NoticeKey, record.NoticeDropped); isEnd(lost) {
		t.Errorf("a loss is taken as an end: %s", lost)
	}
	if isEnd(appendRecord(nil, identity{}, 0, time.Now())) {
		t.Error("a record is taken as an end")
	}
}
