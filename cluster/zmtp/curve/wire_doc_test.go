package curve_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
	"sluice/internal/wait"
)

// tapped is a connection that remembers what is written.
type tapped struct {
	*net.TCPConn
	wrote []byte
}

func (c *tapped) Write(b []byte) (int, error) {
	c.wrote = append(c.wrote, b...)
	return c.TCPConn.Write(b)
}

// frame cuts the first frame off b.
func frame(t *testing.T, b *[]byte) []byte {
	t.Helper()
	_, size, h, err := zmtp.FrameHeader(*b)
	if err != nil || h == 0 || len(*b) < h+int(size) {
		t.Fatalf("no whole frame: %x, %v", *b, err)
	}
	f := (*b)[:h+int(size)]
	*b = (*b)[len(f):]
	return f
}

// Every example of CURVE in docs/wire.md is what the code sends, with the keys and the
// randomness that stand there.
func TestWireDocument(t *testing.T) {
	t.Parallel()
	_, clients := secretOf(t, 1)
	_, servers := secretOf(t, 2)
	an, bn := pipe(t)
	a, b := &tapped{TCPConn: an.(*net.TCPConn)}, &tapped{TCPConn: bn.(*net.TCPConn)}
	asClient := zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}, Timeout: wait.Limit, Mechanism: curve.NewSeededClient(randomness(3), clients, servers.Public)}
	asServer := zmtp.Config{Type: zmtp.XPUB, Peers: []string{zmtp.SUB}, Name: "vm-1", Timeout: wait.Limit, Mechanism: curve.NewSeededServer(randomness(4), servers, nil)}
	client, server, errA, errB := shake(a, b, asClient, asServer)
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	sent := map[string][]byte{"client-greeting": a.wrote[:64], "server-greeting": b.wrote[:64]}
	ofClient, ofServer := a.wrote[64:], b.wrote[64:]
	sent["hello"], sent["welcome"] = frame(t, &ofClient), frame(t, &ofServer)
	sent["initiate"], sent["ready"] = frame(t, &ofClient), frame(t, &ofServer)
	a.wrote, b.wrote = nil, nil
	_, errA = client.Write(zmtp.AppendSubscription(nil, client.Peer.Version, "system", false))
	_, errB = server.Write(zmtp.AppendMessage(nil, "system", []byte("{}")))
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	// Connections write to their descriptors: what was written is read at the other end.
	read := func(nc net.Conn, n int) []byte {
		b := make([]byte, n)
		for at := 0; at < n; {
			k, err := nc.Read(b[at:])
			if err != nil {
				t.Fatal(err)
			}
			at += k
		}
		return b
	}
	sent["subscribe"] = read(bn, 2+curve.MinMessage+len("\x09SUBSCRIBEsystem"))
	sent["record"] = read(an, 2+curve.MinMessage+len("system")+2+curve.MinMessage+len("{}"))
	keys := map[string]string{"client's public key": clients.Public.String(), "server's public key": servers.Public.String()}

	doc, err := os.ReadFile("../../../docs/wire.md")
	if err != nil {
		t.Fatal(err)
	}
	fenced := regexp.MustCompile("(?ms)^```curve ([^\n]+)\n(.*?)^```$")
	comment := regexp.MustCompile(`(?m)#.*$`)
	shown := make(map[string]bool)
	for _, m := range fenced.FindAllStringSubmatch(string(doc), -1) {
		name := m[1]
		shown[name] = true
		got, err := hex.DecodeString(strings.Join(strings.Fields(comment.ReplaceAllString(m[2], "")), ""))
		if err != nil || !bytes.Equal(got, sent[name]) {
			t.Errorf("example %q is %v\n%x, and what is sent is\n%x", name, err, got, sent[name])
		}
	}
	for name := range sent {
		if !shown[name] {
			t.Errorf("docs/wire.md has no example %q: %x", name, sent[name])
		}
	}
	for what, key := range keys {
		if !strings.Contains(string(doc), key) {
			t.Errorf("docs/wire.md does not show the %s, %s", what, key)
		}
	}
}
