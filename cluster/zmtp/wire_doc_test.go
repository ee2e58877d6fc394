package zmtp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/cluster/zmtp"
)

const wireDoc = "../../docs/wire.md"

var fenced = regexp.MustCompile("(?ms)^```(hex|json) ([^\n]+)\n(.*?)^```$")

// examples are the document's blocks by their names.
func examples(t *testing.T, kind string) map[string]string {
	t.Helper()
	doc, err := os.ReadFile(wireDoc)
	if err != nil {
		t.Fatal(err)
	}
	blocks := make(map[string]string)
	for _, m := range fenced.FindAllStringSubmatch(string(doc), -1) {
		if m[1] != kind {
			continue
		}
		if _, twice := blocks[m[2]]; twice {
			t.Errorf("%s: example %q stands twice", wireDoc, m[2])
		}
		blocks[m[2]] = m[3]
	}
	if n := strings.Count(string(doc), "\n```"+kind); n != len(blocks) {
		t.Errorf("%s: %d of %d %s examples have a name", wireDoc, len(blocks), n, kind)
	}
	return blocks
}

// Every example in docs/wire.md is what the code sends.
func TestWireDocument(t *testing.T) {
	v30, v31 := zmtp.Version{Major: 3}, zmtp.Version{Major: 3, Minor: 1}
	const epoch = 0x8899aabbccddeeff
	record := `{"v":0,"name":"api","hostname":"vm-1","pid":7,"level":30,"time":"2026-01-02T03:04:05.678Z","msg":"up"}`
	pong, err := zmtp.AppendPong(nil, []byte("\x00\x96beat"))
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string][]byte{
		"greeting":           zmtp.AppendGreeting(nil),
		"ready-reader":       zmtp.AppendReady(nil, [][2]string{{"Socket-Type", "SUB"}, {"X-Sluice", "1"}}),
		"ready-consolidator": zmtp.AppendReady(nil, [][2]string{{"Socket-Type", "XPUB"}, {"X-Sluice", "1"}, {"X-Sluice-Name", "vm-1"}, {"X-Sluice-Run", "8899aabbccddeeff"}}),
		"error":              zmtp.AppendError(nil, `protocol error: a "REQ" socket cannot talk to this XPUB socket`),
		"subscribe":          zmtp.AppendSubscription(nil, v31, "tenant/", false),
		"cancel":             zmtp.AppendSubscription(nil, v31, "tenant/", true),
		"subscribe-3.0":      zmtp.AppendSubscription(nil, v30, "tenant/", false),
		"cancel-3.0":         zmtp.AppendSubscription(nil, v30, "tenant/", true),
		"message":            zmtp.AppendMessage(nil, "system", []byte(record)),
		"long-frame":         zmtp.AppendMessage(nil, "s", make([]byte, 300))[3:12],
		"ping":               zmtp.AppendPing(nil, 0),
		"ping-context":       zmtp.AppendCommand(nil, zmtp.CmdPing, []byte("\x00\x96beat")),
		"pong-context":       pong,
		"tail-now":           zmtp.AppendTail(nil, zmtp.Tail{Name: "system"}),
		"tail-last":          zmtp.AppendTail(nil, zmtp.Tail{Name: "system", From: zmtp.TailLast, A: 1000}),
		"tail-position":      zmtp.AppendTail(nil, zmtp.Tail{Name: "system", From: zmtp.TailPosition, A: epoch, B: 1203}),
		"stop":               zmtp.AppendStop(nil, "system"),
		"mark":               zmtp.AppendMark(nil, zmtp.Mark{Name: []byte("system"), Epoch: epoch, Next: 2406, Cause: zmtp.MarkOvertaken}),
		"live":               zmtp.AppendLive(nil, "system"),
		"watch":              zmtp.AppendWatch(nil, true),
		"streams": zmtp.AppendStreams(nil, []zmtp.StreamStat{
			{Name: "system", Epoch: epoch, Next: 2406, Bytes: 721_800},
			{Name: "x", Epoch: 1, Next: 16, Bytes: 4096},
		}),
		"bye":           zmtp.AppendBye(nil, []zmtp.StreamEnd{{Name: "system", Epoch: epoch, Next: 2406}}),
		"bye-publisher": zmtp.AppendBye(nil, nil),
		"ack":           zmtp.AppendAck(nil, 1_000_000),
		"skip":          zmtp.AppendAck(zmtp.AppendSkip(nil, 1), 1),
		"still":         zmtp.AppendStill(nil, zmtp.Still{Lasted: 6 * time.Second, Ago: 250 * time.Millisecond}),
	}
	comment := regexp.MustCompile(`(?m)#.*$`)
	blocks := examples(t, "hex")
	for name, text := range blocks {
		want, ok := sent[name]
		if !ok {
			t.Errorf("%s: nothing is known of example %q", wireDoc, name)
			continue
		}
		if got := unhex(t, comment.ReplaceAllString(text, "")); !bytes.Equal(got, want) {
			t.Errorf("%s: example %q is\n%x, and what is sent is\n%x", wireDoc, name, got, want)
		}
	}
	for name := range sent {
		if _, ok := blocks[name]; !ok {
			t.Errorf("%s has no example %q", wireDoc, name)
		}
	}
}

// The notices in docs/wire.md have the form that is sent.
func TestWireDocumentNotice(t *testing.T) {
	for name, words := range map[string]string{
		"notice": " records dropped: reader too slow", "notice-refused": " record dropped: larger than 256 KiB",
	} {
		t.Run(name, func(t *testing.T) { wireDocumentNotice(t, name, words) })
	}
}

func wireDocumentNotice(t *testing.T, name, words string) {
	example, ok := examples(t, "json")[name]
	if !ok {
		t.Fatalf("%s has no %s", wireDoc, name)
	}
	example = strings.TrimSpace(example)
	var told struct {
		Hostname string
		PID      int
		Time     time.Time
		Dropped  uint64
	}
	if err := json.Unmarshal([]byte(example), &told); err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	sent := string(record.AppendNotice(nil, told.Time, record.Warn,
		strconv.FormatUint(told.Dropped, 10)+words, "dropped", told.Dropped))
	sent = strings.Replace(sent, fmt.Sprintf(`"hostname":%q,"pid":%d`, host, os.Getpid()), fmt.Sprintf(`"hostname":%q,"pid":%d`, told.Hostname, told.PID), 1)
	if sent != example {
		t.Errorf("%s:\n%s, and what is sent is\n%s", wireDoc, example, sent)
	}
}

// The limits in docs/wire.md are the code's.
func TestWireDocumentLimits(t *testing.T) {
	doc, err := os.ReadFile(wireDoc)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []struct {
		what  string
		bytes int
	}{
		{"a record", zmtp.MaxRecord},
		{"a whole message, headers and all its frames", zmtp.MaxMessage},
		{"a stream name", names.Max},
		{"a command", zmtp.MaxCommand},
		{"a reader's subscription or command, headers and all", zmtp.MaxRequest},
		{"READY", zmtp.MaxHandshake / 2},
	} {
		number := strconv.Itoa(l.bytes)
		if len(number) > 3 {
			number = number[:len(number)-3] + "," + number[len(number)-3:]
		}
		if row := "| " + l.what + " | " + number + " |"; !strings.Contains(string(doc), row) {
			t.Errorf("%s has no row %q", wireDoc, row)
		}
	}
	if s := "A handshake has " + strconv.Itoa(int(zmtp.HandshakeTimeout/time.Second)) + " seconds"; !strings.Contains(string(doc), s) {
		t.Errorf("%s does not say %q", wireDoc, s)
	}
}
