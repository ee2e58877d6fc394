package zmtp_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"sluice/cluster/zmtp"
)

// What a reader sends is split however it is cut, and what is above the limit is
// passed over.
func TestRequests(t *testing.T) {
	prefix := func(n int) string { return strings.Repeat("p", n) }
	version := zmtp.Version{Major: 3, Minor: 1}
	long := zmtp.AppendSubscription(nil, version, prefix(zmtp.MaxRequest), false)
	sent := bytes.Join([][]byte{
		zmtp.AppendSubscription(nil, version, "a", false),
		long,
		zmtp.AppendSubscription(nil, zmtp.Version{Major: 3}, prefix(zmtp.MaxRequest), false),
		zmtp.AppendSubscription(nil, version, prefix(60<<10), false),
		zmtp.AppendMessage(nil, "upstream", make([]byte, 100<<10)),
		zmtp.AppendMessage(nil, "upstream", []byte("short")),
		ping,
		zmtp.AppendSubscription(nil, version, "b", true),
	}, nil)
	want := strings.Join([]string{
		`command "\tSUBSCRIBEa"`, "too large", "too large", "too large", "too large",
		`message 2 "upstream" "short"`, pinged, `command "\x06CANCELb"`,
	}, "\n")
	for _, piece := range []int{len(sent), 1000, 7, 1} {
		if piece == 1 {
			sent = sent[:0] // all but the long ones
			sent = append(zmtp.AppendSubscription(sent, version, "a", false), long...)
			sent = append(sent, ping...)
			want = strings.Join([]string{`command "\tSUBSCRIBEa"`, "too large", pinged}, "\n")
		}
		an, bn := pair(t, "tcp")
		other := shake(bn, consolidator)
		a, err := zmtp.Handshake(an, reader)
		if err != nil {
			t.Fatal(err)
		}
		b := <-other
		if b.err != nil {
			t.Fatal(b.err)
		}
		go func() {
			for rest := sent; len(rest) > 0; {
				n := min(piece, len(rest))
				if _, err := a.Write(rest[:n]); err != nil {
					break
				}
				rest = rest[n:]
			}
			_ = a.CloseWrite()
		}()
		in := zmtp.NewRequests(b.conn)
		var found []string
		for err == nil {
			var tok zmtp.Token
			if tok, err = in.Next(); err != nil {
				t.Fatal(err)
			}
			if tok.Kind == zmtp.TokenNone {
				err = in.Fill()
				continue
			}
			found = append(found, describe(t, tok, tok.Raw))
		}
		in.Close()
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if got := strings.Join(found, "\n"); got != want {
			t.Errorf("in pieces of %d: found\n%s\nwant\n%s", piece, got, want)
		}
	}
}
