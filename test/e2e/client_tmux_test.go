package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/foreign"
	"sluice/internal/wait"
)

// A long one, in tmux: a flood while it is paused, sizes that change all the
// time, and a copy that ends in tmux's buffer.
func TestClientInTmux(t *testing.T) {
	foreign.Need(t, "tmux")
	t.Parallel()
	publish, subscribe := pump(t)
	out := linesTo(t, publish, "tenant/acme")
	put(t, out, 30, 1, 50, "")
	dir, err := os.MkdirTemp("", "sluice") // the name of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	tmux := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("tmux", append([]string{"-S", filepath.Join(dir, "tmux"), "-f", "/dev/null"}, args...)...)
		cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+dir, "XDG_STATE_HOME="+dir, "TMUX=")
		text, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %q: %v: %s", args, err, text)
		}
		return string(text)
	}
	sluice, err := exec.LookPath("sluice")
	if err != nil {
		t.Fatal(err)
	}
	tmux("new-session", "-d", "-x", "120", "-y", "30", "cat")
	defer tmux("kill-server")
	tmux("set", "-g", "remain-on-exit", "off")
	tmux("new-window", fmt.Sprintf("exec %s tail --consolidator %s tenant/acme", sluice, subscribe))
	screen := func() string { return tmux("capture-pane", "-p", "-t", ":1") }
	wants := func(texts ...string) {
		t.Helper()
		for _, text := range texts {
			if !wait.Until(func() bool { return shows(screen(), text) }) {
				t.Fatalf("waited %v for %q on the screen:\n%s", wait.Limit, text, screen())
			}
		}
	}
	keys := func(keys ...string) { tmux(append([]string{"send-keys", "-t", ":1"}, keys...)...) }
	wants("line 50.", follows)
	keys("Space")
	wants("PAUSED · 0 new")
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		put(t, out, 30, 51, 30_000, `"status":200`)
		put(t, out, 50, 30_001, 30_017, `"status":500`)
	}()
	for i := range 20 { // while it floods
		tmux("resize-window", "-t", ":1", "-x", fmt.Sprint(60+7*i), "-y", fmt.Sprint(12+i))
	}
	<-flooded
	tmux("resize-window", "-t", ":1", "-x", "120", "-y", "30")
	wants("PAUSED · 29,967 new (17 error) · 0 dropped · G to resume", "line 50.")
	keys("G")
	wants(follows, "line 30017.")
	keys("f", "status>=500", "Enter")
	wants("line 30001.", "status>=500")
	keys("/", "line 30009", "Enter")
	wants("1/1")
	keys("Y")
	wait.For(t, "the message in tmux's buffer\n"+screen(), func() bool { return strings.Contains(tmux("list-buffers"), "line 30009.") })
	keys("0", "*") // all of them are of one kind
	wants("Groups of tenant/acme", "30,017 records in 1 group", "line <*>", "error+")
	keys("Enter")
	wants(`msg like "line <*>"`)
	keys("h")
	wants("Timeline", "E", "▲")
	keys("Escape", "Escape") // back to the groups, and to the panes
	wants("Groups of tenant/acme")
	keys("Escape")
	wants("line 30017.")
	keys("q")
	wait.For(t, "its end", func() bool { return !strings.Contains(tmux("list-windows"), "1:") })
}
