package curve_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

var record = flag.Bool("record", false, "record the transcripts in testdata with the libzmq that is installed, instead of comparing with them")

// transcript is what travelled between us and libzmq once. Our randomness is that of a
// seed, so that the same is sent each time, and what libzmq sent can be opened again.
type transcript struct {
	Seed   byte     // of our randomness
	Ours   string   // our secret key, in hex
	Theirs string   // libzmq's
	Sent   string   // all that we sent, in hex
	Got    string   // all that libzmq sent
	Tokens []string // what that was, once it was opened
}

// randomness is the same each time. It keeps nothing secret.
func randomness(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

// secretOf is a secret key for transcripts.
func secretOf(t *testing.T, seed byte) (s [curve.KeySize]byte, p *curve.Pair) {
	t.Helper()
	_, _ = randomness(seed).Read(s[:])
	p, err := curve.PairOf(s)
	if err != nil {
		t.Fatal(err)
	}
	return s, p
}

// recorder is a connection that remembers what travels.
type recorder struct {
	*net.TCPConn
	mu        sync.Mutex
	sent, got []byte
}

func (r *recorder) Write(b []byte) (int, error) {
	n, err := r.TCPConn.Write(b)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, b[:n]...)
	return n, err
}

// TestTranscripts talks to libzmq as it was recorded: what is sent is the same, byte for
// byte, and what libzmq sent is understood.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"libzmq-publisher", "libzmq-reader", "libzmq-server"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", "transcripts", name+".json")
			if *record {
				recordTranscript(t, name, path)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var was transcript
			if err := json.Unmarshal(data, &was); err != nil {
				t.Fatal(err)
			}
			replay(t, name, was)
		})
	}
}

// side is our side of a transcript, and what it does after the handshake.
func side(t *testing.T, name string, ours, theirs *curve.Pair, seed byte) (cfg zmtp.Config, send []byte) {
	t.Helper()
	v31 := zmtp.Version{Major: 3, Minor: 1}
	switch name {
	case "libzmq-publisher":
		cfg = zmtp.Config{Type: zmtp.XSUB, Peers: []string{zmtp.PUB, zmtp.XPUB}, Foreign: true}
		send = zmtp.AppendPing(zmtp.AppendSubscription(nil, v31, "", false), 0)
		cfg.Mechanism = curve.NewSeededServer(randomness(seed), ours, nil)
	case "libzmq-reader":
		cfg = zmtp.Config{Type: zmtp.XPUB, Peers: []string{zmtp.SUB}, Foreign: true}
		send = zmtp.AppendPing(zmtp.AppendMessage(nil, "system", []byte(`{"i":0}`)), 0)
		cfg.Mechanism = curve.NewSeededServer(randomness(seed), ours, nil)
	case "libzmq-server":
		cfg = zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}, Foreign: true}
		send = zmtp.AppendPing(zmtp.AppendSubscription(nil, v31, "sys", false), 0)
		cfg.Mechanism = curve.NewSeededClient(randomness(seed), ours, theirs.Public)
	}
	cfg.Timeout = wait.Limit
	return cfg, send
}

// recordTranscript talks to the libzmq that is installed.
func recordTranscript(t *testing.T, name, path string) {
	const seed = 7
	secret, ours := secretOf(t, 1)
	theirSecret, theirs := secretOf(t, 2)
	cfg, send := side(t, name, ours, theirs, seed)
	var nc net.Conn
	var peer *testpeer.Libzmq
	var err error
	if name == "libzmq-server" {
		peer = testpeer.StartLibzmq(t, "--curve-server", theirs.Public.String(), theirs.Secret(), "serve")
		nc, err = net.Dial("tcp", strings.TrimPrefix(peer.Line(), "tcp://"))
	} else {
		ln, listenErr := net.Listen("tcp", "127.0.0.1:0")
		if listenErr != nil {
			t.Fatal(listenErr)
		}
		defer ln.Close()
		args := []string{"--curve-client", ours.Public.String(), theirs.Public.String(), theirs.Secret()}
		if name == "libzmq-publisher" {
			args = append(args, "xpub", "tcp://"+ln.Addr().String(), "system", "1")
		} else {
			args = append(args, "sub", "tcp://"+ln.Addr().String(), "sys")
		}
		peer = testpeer.StartLibzmq(t, args...)
		nc, err = ln.Accept()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	r := &recorder{TCPConn: nc.(*net.TCPConn)}
	// Behind a tap, what comes is remembered, too.
	an, bn := pipe(t)
	var tapping sync.WaitGroup
	tapping.Go(func() {
		b := make([]byte, 4096)
		for {
			n, err := r.Read(b)
			r.mu.Lock()
			r.got = append(r.got, b[:n]...)
			r.mu.Unlock()
			if _, wrong := bn.Write(b[:n]); err != nil || wrong != nil {
				bn.Close()
				return
			}
		}
	})
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := bn.Read(b)
			if err != nil {
				return
			}
			_, _ = r.Write(b[:n])
		}
	}()
	conn, err := zmtp.Handshake(an, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(send); err != nil {
		t.Fatal(err)
	}
	messages := func(n int) {
		wait.For(t, "frames from libzmq", func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return bytes.Count(r.got, []byte("\x07MESSAGE")) >= n
		})
	}
	switch name {
	case "libzmq-publisher":
		peer.Line() // "subscribed"
		peer.Put("")
		peer.Line() // "sent"
	case "libzmq-reader":
		peer.Message()
	case "libzmq-server":
		messages(1) // its PONG: it has the subscription
		peer.Put("system\t" + `{"i":0}`)
	}
	// Its PING, and its answer to ours, come by themselves.
	messages(4)
	nc.Close()
	tapping.Wait()
	got, _ := tokens(conn, false)
	was := transcript{
		Seed: seed, Ours: hex.EncodeToString(secret[:]), Theirs: hex.EncodeToString(theirSecret[:]),
		Sent: hex.EncodeToString(r.sent), Got: hex.EncodeToString(r.got), Tokens: got,
	}
	data, err := json.MarshalIndent(was, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, append(data, '\n'), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// replay plays libzmq as it was recorded.
func replay(t *testing.T, name string, was transcript) {
	pairOf := func(s string) *curve.Pair {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		p, err := curve.PairOf([curve.KeySize]byte(b))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	sent, errSent := hex.DecodeString(was.Sent)
	got, errGot := hex.DecodeString(was.Got)
	if err := errors.Join(errSent, errGot); err != nil {
		t.Fatal(err)
	}
	cfg, send := side(t, name, pairOf(was.Ours), pairOf(was.Theirs), was.Seed)
	an, bn := pipe(t)
	// All at once: whoever waits for an answer finds it there.
	if _, err := bn.Write(got); err != nil {
		t.Fatal(err)
	}
	conn, err := zmtp.Handshake(an, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if want := pairOf(was.Theirs).Public.String(); conn.Peer.Key != want {
		t.Errorf("the peer is %s, want %s", conn.Peer.Key, want)
	}
	if _, err := conn.Write(send); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(conn.CloseWrite(), bn.(*net.TCPConn).CloseWrite()); err != nil {
		t.Fatal(err)
	}
	var wrote bytes.Buffer
	if _, err := wrote.ReadFrom(bn); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(wrote.Bytes(), sent) {
		t.Errorf("sent\n%x, want\n%x", wrote.Bytes(), sent)
	}
	if heard, err := tokens(conn, false); err != nil || !slices.Equal(heard, was.Tokens) {
		t.Errorf("heard %v, %q, want %q", err, heard, was.Tokens)
	}
	if !strings.Contains(fmt.Sprint(was.Tokens), "PONG") {
		t.Error("no command came after the handshake")
	}
}
