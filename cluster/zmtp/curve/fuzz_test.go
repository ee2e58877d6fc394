package curve_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
)

// recorded are what libzmq sent in a transcript, after its greeting, and the key that it
// was sent to.
func recorded(f *testing.F, name string) (got []byte, was transcript) {
	f.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "transcripts", name+".json"))
	if err != nil {
		f.Fatal(err)
	}
	if err := json.Unmarshal(data, &was); err != nil {
		f.Fatal(err)
	}
	if got, err = hex.DecodeString(was.Got); err != nil {
		f.Fatal(err)
	}
	return got, was
}

const greetingSize = 64

// fuzzHandshake plays what comes after a greeting to one side of the handshake, which has
// the randomness of a transcript: what it took then, it takes again, and nothing else.
func fuzzHandshake(f *testing.F, name string) {
	got, was := recorded(f, name)
	handshake := len(got)
	if i := bytes.Index(got, []byte("\x07MESSAGE")); i > 0 {
		handshake = i - 2
	}
	f.Add(got[greetingSize:handshake])
	f.Add(got[greetingSize : greetingSize+100])
	f.Add([]byte("\x04\x06\x05ERROR\x00"))
	f.Add([]byte("\x04\x0a\x05ERROR\x03400"))
	f.Fuzz(func(t *testing.T, commands []byte) {
		pairOf := func(s string) *curve.Pair {
			b, _ := hex.DecodeString(s)
			p, err := curve.PairOf([curve.KeySize]byte(b))
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		an, bn := pipe(t)
		cfg, _ := side(t, name, pairOf(was.Ours), pairOf(was.Theirs), was.Seed)
		if len(commands) > 16<<10 {
			return // more than a handshake reads
		}
		if _, err := bn.Write(append(slices.Clone(got[:greetingSize]), commands...)); err != nil {
			t.Fatal(err)
		}
		_ = bn.(*net.TCPConn).CloseWrite()
		cfg.Timeout = time.Second
		_, err := zmtp.Handshake(an, cfg)
		if known := bytes.HasPrefix(commands, got[greetingSize:handshake]); (err == nil) != known && !known {
			// The padding of HELLO is all that is not authenticated.
			if !samePeer(commands, got[greetingSize:handshake]) {
				t.Errorf("taken: %x", commands)
			}
		}
	})
}

// samePeer reports whether commands are those of the transcript but for what nothing
// protects: the padding of a HELLO.
func samePeer(commands, want []byte) bool {
	const from, to = 2 + 6 + 2, 2 + 6 + 2 + 72
	return len(commands) >= len(want) && len(want) > to && bytes.Equal(commands[:from], want[:from]) && bytes.HasPrefix(commands[to:], want[to:])
}

// A server takes the INITIATE of who has the keys.
func FuzzServerHandshake(f *testing.F) { fuzzHandshake(f, "libzmq-publisher") }

// A client takes the WELCOME and READY of who has the keys.
func FuzzClientHandshake(f *testing.F) { fuzzHandshake(f, "libzmq-server") }

// What is opened is what was sealed, from its beginning, or an error; however the bytes
// come, and whatever is above the limit.
func FuzzOpen(f *testing.F) {
	sealed := func(sizes ...int) []byte {
		client, _ := curve.NewCodecs()
		var b []byte
		for _, n := range sizes {
			b, _ = client.Seal(b, append(zmtp.AppendFrameHeader(nil, 0, uint64(n)), make([]byte, n)...))
		}
		return b
	}
	f.Add(sealed(0, 1, 300), 300)
	f.Add(sealed(300, 2), 100)
	f.Add(sealed(6, 240, 6, 240, 6, 240, 6, 1000, 6, 240), 5000)
	f.Add([]byte("\x00\x21\x07MESSAGE"), 50)
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		if limit < 64 || limit > 1<<20 {
			return
		}
		// What nobody sealed with these keys is not opened.
		open := func(step int) (opened []byte, taken int, err error) {
			_, server := curve.NewCodecs()
			for there := 0; there < len(b) && err == nil; {
				there = min(len(b), there+step)
				for n := 1; n > 0 && err == nil; taken += n {
					before := len(opened)
					open := server.Open
					if step > 1 { // several at once
						open = server.(runs).OpenRun
					}
					opened, n, err = open(opened, slices.Clone(b[taken:there]), limit)
					if len(opened)-before > n {
						t.Fatalf("%d bytes came of %d", len(opened)-before, n)
					}
				}
			}
			return opened, taken, err
		}
		whole, n, err := open(len(b) + 1)
		slowly, m, again := open(1)
		// Of a long one that turns out to be forged, more or less is passed over before.
		same := n == m && bytes.Equal(whole, slowly) || err != nil && bytes.HasPrefix(slowly, whole)
		if !same || (err == nil) != (again == nil) {
			t.Errorf("%d bytes of %d, %v; byte by byte %d of %d, %v", len(whole), n, err, len(slowly), m, again)
		}
		if err != nil && !errors.Is(err, zmtp.ErrProtocol) {
			t.Errorf("not a protocol error: %v", err)
		}
	})
}

// A list and a certificate are read or refused, and what is read can be written again.
func FuzzList(f *testing.F) {
	key := newPair(f).Public.String()
	f.Add([]byte(key + " tenant/* # comment\n"))
	f.Add([]byte("metadata\n streams = \"a b\"\ncurve\n public-key = \"" + key + "\"\n"))
	f.Add([]byte("curve\n secret-key = '" + key + "'\n"))
	path := filepath.Join(f.TempDir(), "list")
	f.Fuzz(func(t *testing.T, b []byte) {
		write(t, path, string(b))
		l, err := curve.OpenList(path, quiet())
		if err != nil {
			return
		}
		for _, key := range l.Keys() {
			if again, err := curve.ParseKey(key.String()); err != nil || again != key || l.Grant(key) == nil {
				t.Errorf("%v became %v: %v", key, again, err)
			}
		}
	})
}
