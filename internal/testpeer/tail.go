package testpeer

import (
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/internal/wait"
)

// Tail connects a reader of a stream, with a deadline.
func Tail(t testing.TB, endpoint string, tail zmtp.Tail) *Peer {
	t.Helper()
	p := Dial(t, endpoint, AsReader)
	_ = p.SetDeadline(time.Now().Add(wait.Limit))
	p.Send(zmtp.AppendTail(nil, tail))
	return p
}

// Last returns the last n records of a stream.
func Last(t testing.TB, endpoint, stream string, n int) (records []string) {
	t.Helper()
	p := Tail(t, endpoint, zmtp.Tail{Name: stream, From: zmtp.TailLast, A: uint64(n)})
	defer p.Close()
	for len(records) < n {
		tok, err := p.Next()
		if err != nil {
			t.Fatalf("read %s: %v after %d records", stream, err, len(records))
		}
		if tok.Kind == zmtp.TokenMessage {
			records = append(records, string(tok.Body))
		}
	}
	return records
}
