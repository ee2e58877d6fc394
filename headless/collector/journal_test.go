package collector_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/headless/collector"
	"sluice/headless/collector/naming"
	"sluice/internal/foreign"
	"sluice/internal/wait"
)

// entry is an entry of a journal, as `journalctl -o export` writes it.
func entry(n int, message string, fields ...string) string {
	at := time.Date(2026, 1, 1, 0, 0, n, 0, time.UTC).UnixMicro()
	var b strings.Builder
	fmt.Fprintf(&b, "__CURSOR=s=%032x;i=%x;b=%032x;m=%x;t=%x;x=%x\n", 7, n+1, 8, n+1, at, n+1)
	fmt.Fprintf(&b, "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%032x\n_HOSTNAME=vm-9\n_PID=42\nPRIORITY=4\nSYSLOG_IDENTIFIER=app\n", at, n+1, 8)
	for _, f := range fields {
		b.WriteString(f + "\n")
	}
	size := binary.LittleEndian.AppendUint64(nil, uint64(len(message)))
	b.WriteString("MESSAGE\n" + string(size) + message + "\n\n")
	return b.String()
}

func journalRule(t testing.TB, text string) *naming.Rule {
	t.Helper()
	rule, err := collector.ParseJournal(text)
	if err != nil {
		t.Fatal(err)
	}
	return rule
}

// What is given in place of the journal is read to its end, each entry into the stream
// that its fields say.
func TestJournalInput(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	path := filepath.Join(t.TempDir(), "export")
	put(t, path, strings.TrimSuffix(
		entry(0, "one\nof two lines", "_SYSTEMD_UNIT=nginx.service")+entry(1, "two", "_TRANSPORT=kernel")+entry(2, "three", "_SYSTEMD_UNIT=a/b.scope")+
			entry(3, "fo\xff\x00r")+entry(4, `{"msg":"inner"}`, "_SYSTEMD_UNIT=nginx.service"), "\n"))
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := collect(t, to, collector.Config{Journal: collector.Journal{Stream: journalRule(t, "system/{unit}"), Input: file}})
	r.acknowledged(5)
	r.end()
	got := stands(t, at, "system/nginx", 2)
	if got[0].Msg != "one\nof two lines" || got[0].Name != "app" || got[0].Hostname != "vm-9" || got[0].PID != 42 || got[0].Level != 40 || got[0].Time.Format(time.DateTime) != "2026-01-01 00:00:00" {
		t.Errorf("%+v", got[0])
	}
	if field(got[0], "__CURSOR") != "" || field(got[0], "_SYSTEMD_UNIT") != `"nginx.service"` {
		t.Errorf("%+v", got[0])
	}
	for stream, want := range map[string]string{"system/kernel": "two", "system/a%2Fb.scope": "three", "system/-": "fo\ufffd\x00r"} {
		if got := messages(t, at, stream, 1); got[0] != want {
			t.Errorf("%s: %q, expected %q", stream, got, want)
		}
	}
}

// store adds entries to a journal, in a file of their own.
func store(t testing.TB, dir, name string, entries ...string) {
	t.Helper()
	c := exec.Command(foreign.JournalRemote, "--output="+filepath.Join(dir, name+".journal"), "-")
	c.Stdin = strings.NewReader(strings.Join(entries, ""))
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("systemd-journal-remote: %v: %s", err, out)
	}
}

// A real journal is followed, and another run goes on behind what is acknowledged;
// what the journal has not got any more is said.
func TestJournal(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "systemd-journal-remote")
	to, at := pump(t)
	dir := t.TempDir()
	journal, state := filepath.Join(dir, "journal"), filepath.Join(dir, "state")
	if err := os.Mkdir(journal, 0o700); err != nil {
		t.Fatal(err)
	}
	store(t, journal, "a", entry(0, "one"), entry(1, "two\n\xc3\xa9"))
	cfg := collector.Config{Journal: collector.Journal{Stream: journalRule(t, "host/{host}/{identifier}"), Directory: journal}, State: state}
	r := collect(t, to, cfg)
	r.acknowledged(2)
	store(t, journal, "b", entry(2, "three"))
	r.acknowledged(3)
	r.end()
	if got := messages(t, at, "host/vm-9/app", 3); !slices.Equal(got, []string{"one", "two\né", "three"}) {
		t.Errorf("%q", got)
	}

	store(t, journal, "c", entry(3, "four"))
	r = collect(t, to, cfg)
	r.acknowledged(1)
	if s := r.end(); s.Records != 1 {
		t.Errorf("another run publishes %+v; it says %s", s, r.words())
	}

	store(t, journal, "d", entry(4, "five"))
	for _, name := range []string{"a", "b", "c"} {
		if err := os.Remove(filepath.Join(journal, name+".journal")); err != nil {
			t.Fatal(err)
		}
	}
	r = collect(t, to, cfg)
	r.acknowledged(2)
	if s, err := r.stop(); err == nil || s.Doubts != 1 || !strings.Contains(r.words(), "has not got the entry any more") {
		t.Errorf("a journal without what was read last: %+v, %v; it says %s", s, err, r.words())
	}
	if got := messages(t, at, "host/vm-9/app", 1); got[0] != "five" {
		t.Errorf("%q", got)
	}
}

// Told to begin at the end, the first run passes over what is there, and the next one
// over nothing that came in between, though the first had seen nothing new.
func TestJournalFromItsEnd(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "systemd-journal-remote")
	to, at := pump(t)
	dir := t.TempDir()
	journal, state := filepath.Join(dir, "journal"), filepath.Join(dir, "state")
	if err := os.Mkdir(journal, 0o700); err != nil {
		t.Fatal(err)
	}
	store(t, journal, "a", entry(0, "old"), entry(1, "old, too"))
	cfg := collector.Config{Journal: collector.Journal{Stream: journalRule(t, "system"), Directory: journal}, State: state, New: true}
	r := collect(t, to, cfg)
	wait.For(t, "the cursor is saved", func() bool {
		text, err := os.ReadFile(state)
		return err == nil && strings.Contains(string(text), "i=2;")
	})
	r.end()
	store(t, journal, "b", entry(2, "between"))
	r = collect(t, to, cfg)
	r.acknowledged(1)
	if s := r.end(); s.Records != 1 {
		t.Errorf("%+v; it says %s", s, r.words())
	}
	if got := messages(t, at, "system", 1); got[0] != "between" {
		t.Errorf("%q", got)
	}
}

// A journal that cannot be read is said.
func TestNoJournal(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "systemd-journal-remote")
	to, _ := pump(t)
	r := collect(t, to, collector.Config{Journal: collector.Journal{Stream: journalRule(t, "x"), Directory: filepath.Join(t.TempDir(), "none")}})
	r.said("the journal cannot be read: journalctl: ")
	r.end()
}

func TestParseJournalRefuses(t *testing.T) {
	for _, text := range []string{"", "{", "{pod}", "system/{Unit}"} {
		if _, err := collector.ParseJournal(text); err == nil {
			t.Errorf("%q is taken for a rule", text)
		}
	}
}
