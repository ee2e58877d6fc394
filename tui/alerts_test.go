package tui_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/tui"
)

// heard is what the commands of the model write to the terminal as it is.
type heard struct {
	*screen
	mu   sync.Mutex
	text string
}

// filled ends the backfill of streams.
func (h *heard) filled(names ...string) *heard {
	h.t.Helper()
	var b stream.Batch
	for _, name := range names {
		b.Notices = append(b.Notices, stream.Notice{Kind: stream.KindBackfill, Stream: name})
	}
	h.take(&b)
	return h
}

// come takes records, and hears what that writes.
func (h *heard) come(name string, fields ...string) {
	h.t.Helper()
	var b stream.Batch
	for _, f := range fields {
		b.Records = append(b.Records, h.record(name, "vm-1", f))
	}
	h.feed.put(&b)
	h.hear(h.send(tui.TakeMsg))
	tui.Flush(h.model)
	h.hear(h.send(tui.TakeMsg))
	h.settle()
}

// hear runs a command, and keeps what it writes. The time that a message stands is not
// waited for.
func (h *heard) hear(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case tea.BatchMsg:
			for _, c := range msg {
				h.hear(c)
			}
		case tui.RawMsg:
			h.mu.Lock()
			h.text += string(msg)
			h.mu.Unlock()
		}
	}()
}

func (h *heard) written() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text
}

// wantBells waits until the bell rang n times in all.
func (h *heard) wantBells(n int) {
	h.t.Helper()
	wait.For(h.t, "the bell", func() bool { return strings.Count(h.written(), "\a") >= n })
	if got := strings.Count(h.written(), "\a"); got != n {
		h.t.Fatalf("%d bells, want %d: %q", got, n, h.written())
	}
}

func TestAlerts(t *testing.T) {
	h := &heard{screen: open(t, 120, 24, tui.Config{}, "system", "tenant/acme", "system+tenant/acme")}
	h.filled("system", "tenant/acme").come("system", `"level":50,"msg":"before"`)
	h.keys("!")
	h.want("No alert is set.")
	h.keys("a", "level>=error", "enter", "esc", "1", "z")
	h.come("tenant/acme", `"level":30,"msg":"fine"`)
	h.wantNot("▲", "fine (")
	// One in a pane that is not on the screen; the streams of two panes are one.
	h.come("tenant/acme", `"level":50,"msg":"refused \u001b[2J\u0007"`)
	h.wantBells(1)
	h.want("alert: level>=error in tenant/acme: refused ␛[2J␇", "2 tenant/acme", "▲1")
	h.keys("2")
	if strings.Count(h.line(0), "▲1") != 1 { // of the merged pane
		t.Errorf("the tabs are %s", h.line(0))
	}

	// At most one bell in five seconds; what it did not ring for is told then.
	h.come("system", `"level":60,"msg":"one"`, `"level":60,"msg":"two"`)
	h.wantNot("two (", "in system")
	h.now = h.now.Add(5 * time.Second)
	h.come("system", `"level":60,"msg":"three"`)
	h.wantBells(2)
	h.want("three (and 2 alerts more before)")
	h.keys("!")
	h.want("4×, last 0.0s ago")
	h.keys("space", "esc")
	h.now = h.now.Add(time.Minute)
	h.come("system", `"level":60,"msg":"four"`)
	h.keys("!")
	h.want("4×, last 1m")
	h.keys("d")
	h.want("No alert is set.")
}

func TestAlertsOfARate(t *testing.T) {
	h := &heard{screen: open(t, 120, 24, tui.Config{}, "system")}
	h.keys("!", "a", "queue 3/m", "enter", "esc")
	h.filled("system").come("system", `"level":30,"msg":"queue 1"`, `"level":30,"msg":"queue 2"`)
	h.keys("!")
	h.want("queue 3/m", "never yet", "2 so far")
	h.come("system", `"level":30,"msg":"queue 3"`)
	h.wantBells(1)
	h.want("1×, last")
	h.keys("a", "level>=loud", "enter")
	h.want(`"loud"`)
}

// What was there before a pane was opened rings nothing, nor what was let go untested
// in silence.
func TestAlertsAreOfWhatComes(t *testing.T) {
	config, err := settings(t, "notify = \"osc777\"\n[alerts]\nerrors = { filter = \"level>=error\" }\nnone = { filter = \"x\", off = true }\n")
	if err != nil {
		t.Fatal(err)
	}
	h := &heard{screen: open(t, 120, 24, tui.Config{Settings: config, Getenv: func(string) string { return "" }}, "system")}
	var b stream.Batch
	r := h.record("system", "vm-1", `"level":50,"msg":"old"`)
	r.Backfill = true
	b.Records = append(b.Records, r)
	b.Notices = []stream.Notice{{At: 1, Kind: stream.KindBackfill, Stream: "system"}}
	h.feed.put(&b)
	h.hear(h.send(tui.TakeMsg))
	h.settle()
	h.wantNot("alert:")
	h.come("system", `"level":50,"msg":"new; \u001b]0;x\u0007"`)
	want := "\a\x1b]777;notify;sluice;errors in system: new, ␛]0,x␇\x07"
	wait.For(t, "the notification", func() bool { return h.written() != "" })
	if h.written() != want {
		t.Errorf("it writes %q, want %q", h.written(), want)
	}
}

// In a replay everything is from before, and counts by its own time.
func TestAlertsInAReplay(t *testing.T) {
	h := &heard{screen: open(t, 120, 24, tui.Config{RecordTime: func() time.Time { return start }}, "system")}
	h.keys("!", "a", "refused", "enter", "esc")
	h.come("system", `"level":50,"msg":"refused"`)
	h.wantBells(1)
}

func TestAlertsAreKept(t *testing.T) {
	path := filepath.Join(folder(t), "client.toml")
	s := open(t, 140, 24, tui.Config{SettingsPath: path}, "system")
	s.keys("!", "a", `"timed out" 10/m`, "enter", "s", "slow")
	s.perform(s.keys("enter"), s.says("alert slow is kept in "))
	config, err := tui.LoadSettings(path)
	if a := config.Alerts["slow"]; err != nil || a.Filter.Text != `"timed out"` || a.Rate.String() != "10/m" {
		t.Fatalf("%+v, %v", config.Alerts, err)
	}
	for text, want := range map[string]string{
		"[alerts]\nx = { filter = \"level>=loud\" }":      `"loud"`,
		"[alerts]\nx = { filter = \"a\", rate = \"10\" }": "write it as 10/m",
		"notify = \"yes\"": "none of off, osc9, osc777",
	} {
		if _, err := settings(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives the error %v", text, err)
		}
	}
}
