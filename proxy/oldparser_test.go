package proxy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/wait"
)

var fieldLine = regexp.MustCompile(`^([^:]*):(.*)$`)

// oldParser reads events as the original service's client did: line by line,
// each event whole in what one read gives, an empty line ending it, and no
// mercy for anything else.
type oldParser struct {
	t       *testing.T
	records *[]string
}

func (p oldParser) chunk(chunk string) {
	p.t.Helper()
	if !strings.HasSuffix(chunk, "\n\n") {
		p.t.Fatalf("a chunk ends within an event: …%q", chunk[max(0, len(chunk)-80):])
	}
	for event := range strings.SplitSeq(strings.TrimSuffix(chunk, "\n\n"), "\n\n") {
		fields := make(map[string]string)
		for line := range strings.SplitSeq(event, "\n") {
			m := fieldLine.FindStringSubmatch(line)
			if m == nil {
				p.t.Fatalf("line %q of event %q", line, event)
			}
			if _, twice := fields[m[1]]; twice {
				p.t.Fatalf("two lines %q in event %q", m[1], event)
			}
			fields[m[1]] = m[2]
		}
		if _, named := fields["event"]; named {
			continue // it knows no names, but for what its owner listens to
		}
		var r map[string]any
		if err := json.Unmarshal([]byte(fields["data"]), &r); err != nil {
			p.t.Fatalf("data %q: %v", fields["data"], err)
		}
		*p.records = append(*p.records, fmt.Sprint(r["msg"]))
	}
}

// The original's parser wants whole events in each chunk of the response; and
// what it gets at one time must be one write to the connection.
func TestOldParser(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(wait.Limit))
	if _, err := io.WriteString(c, "GET "+acme+" HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	in := &reads{c: c}
	in.until("\r\n\r\n") // the headers
	var got []string
	parser := oldParser{t: t, records: &got}
	parser.chunk(in.chunk(t)) // the source

	// Records far larger than net/http's own buffer, one at a time: each is
	// there whole as soon as any of it is.
	want := []string{}
	for seq := range uint64(20) {
		msg := strings.Repeat(strconv.FormatUint(seq%10, 10), 9000)
		want = append(want, msg)
		f.send(stream.Record{Stream: "tenant/acme", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: seq}, Data: []byte(`{"msg":"` + msg + `"}`)})
		for len(got) < len(want) {
			parser.chunk(in.chunk(t))
			if in.reads > 1 {
				t.Fatalf("a chunk came in %d pieces", in.reads)
			}
		}
	}
	// And a burst.
	for seq := uint64(20); seq < 5000; seq += 10 {
		f.send(records("tenant/acme", 9, seq, 10)...)
	}
	for seq := range uint64(4980) {
		want = append(want, fmt.Sprintf("tenant/acme %d", seq+20))
	}
	for len(got) < len(want) {
		chunk := in.chunk(t)
		if len(chunk) > 34<<10 {
			t.Fatalf("a chunk of %d bytes", len(chunk))
		}
		parser.chunk(chunk)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("record %d is %.40q, want %.40q", i, got[i], want[i])
		}
	}
}

// reads reads a chunked response by hand.
type reads struct {
	c     net.Conn
	buf   []byte
	reads int // of the connection, for the last chunk
}

// until reads up to and with end.
func (r *reads) until(end string) string {
	for {
		if i := strings.Index(string(r.buf), end); i >= 0 {
			s := string(r.buf[:i+len(end)])
			r.buf = r.buf[i+len(end):]
			return s
		}
		r.more()
	}
}

func (r *reads) more() {
	b := make([]byte, 256<<10)
	n, err := r.c.Read(b)
	if err != nil {
		panic(err)
	}
	r.buf = append(r.buf, b[:n]...)
	r.reads++
}

func (r *reads) chunk(t *testing.T) string {
	t.Helper()
	r.reads = 0
	size, err := strconv.ParseUint(strings.TrimSpace(r.until("\r\n")), 16, 32)
	if err != nil || size == 0 {
		t.Fatalf("chunk of %d bytes: %v", size, err)
	}
	for uint64(len(r.buf)) < size+2 {
		r.more()
	}
	s := string(r.buf[:size])
	r.buf = r.buf[size+2:]
	return s
}
