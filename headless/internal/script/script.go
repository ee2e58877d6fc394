// Package script is a source for tests: it hands on what it was given.
package script

import (
	"context"
	"errors"
	"fmt"

	"sluice/cluster/stream"
)

// ErrOver may end a script: see Source.End.
var ErrOver = errors.New("script is over")

// Source hands on what it was given, one batch each time.
type Source struct {
	Batches []*stream.Batch
	States  []stream.Status
	End     error                // what Take returns after the last batch; nil: it waits for its context
	Before  func(taken int)      // called as Take begins
	Make    func() *stream.Batch // when not nil, makes one batch after the other
	Tailed  map[string]int       // backfill by stream
	Taken   int                  // calls of Take
}

// Tail notes how much backfill was asked for.
func (s *Source) Tail(name string, from stream.Backfill) {
	if s.Tailed == nil {
		s.Tailed = make(map[string]int)
	}
	s.Tailed[name] = from.Last
}

// Status returns the States.
func (s *Source) Status() []stream.Status { return s.States }

// Take returns the next batch.
func (s *Source) Take(ctx context.Context) (*stream.Batch, error) {
	if s.Before != nil {
		s.Before(s.Taken)
	}
	s.Taken++
	if s.Make != nil {
		return s.Make(), nil
	}
	if len(s.Batches) == 0 {
		if s.End != nil {
			return nil, s.End
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	b := s.Batches[0]
	s.Batches = s.Batches[1:]
	return b, nil
}

// Bunyan returns a record with a message.
func Bunyan(level int, msg string) string {
	return fmt.Sprintf(`{"v":0,"name":"api","hostname":"h","pid":1,"level":%d,"time":"2026-01-02T03:04:05.678Z","msg":%q}`, level, msg)
}

// Records returns records of a stream.
func Records(streamName string, data ...string) []stream.Record {
	var records []stream.Record
	for _, d := range data {
		records = append(records, stream.Record{Stream: streamName, Source: "vm-1", Arrived: 1767323045678e6, Data: []byte(d)})
	}
	return records
}

// Batch returns a batch.
func Batch(records []stream.Record, notices ...stream.Notice) *stream.Batch {
	return &stream.Batch{Records: records, Notices: notices}
}

// Failing is a Writer that fails.
type Failing struct{ Err error }

func (f Failing) Write([]byte) (int, error) { return 0, f.Err }
