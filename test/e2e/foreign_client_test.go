package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"sluice/cluster/zmtp"
	"sluice/internal/chromium"
	"sluice/internal/foreign"
)

// client is a reader of events that others have written, and what it got. It prints
// records as they are, and other events behind their names.
type client struct {
	name string
	of   *load
	late bool   // the first record of each stream at each machine may have come before it
	poll func() // fetches what the client has to print; nil: it comes by itself

	mu      sync.Mutex
	next    map[key]int     // number of the next record
	knows   map[string]bool // streams and consolidators of which it was told where it stands
	largest int             // records of the largest size that came
	repeats int             // how often it was told that records may come twice
	twice   int             // records that came twice
	wrong   []string
	said    []string
}

// buildClients makes the commands of all clients but the browser. The URL is to be added.
func buildClients(t *testing.T) map[string][]string {
	t.Helper()
	programs := map[string][]string{
		"npm eventsource": {"node", "testdata/clients/eventsource.js"},
		"Python requests": {foreign.Python, "-u", "testdata/clients/events.py"},
		"curl":            {"bash", "testdata/clients/curl.sh"},
	}
	script, err := os.ReadFile("testdata/clients/curl.sh")
	if err != nil {
		t.Fatal(err)
	}
	if string(script) != fencedCode(t, "http.md", "bash") {
		t.Error("docs/http.md does not show what testdata/clients/curl.sh is")
	}
	dir := t.TempDir()
	for name, folder := range map[string]string{"r3labs/sse": "sseclient", "tmaxmax/go-sse": "gosse"} {
		programs[name] = []string{filepath.Join(dir, folder)}
	}
	if out, err := exec.Command("go", "build", "-o", dir+"/", "./sseclient", "./gosse").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return programs
}

// startClients starts one of each.
func (l *load) startClients(t *testing.T, browser *chromium.Browser, programs map[string][]string) (list []*client) {
	t.Helper()
	base := "http://" + l.relay.Addr()
	for name, command := range programs {
		c := l.newClient(name)
		c.run(t, append(command[:len(command):len(command)], base+l.query))
		list = append(list, c)
	}
	c := l.newClient("chromium")
	c.browse(t, browser, base)
	return append(list, c)
}

func (l *load) newClient(name string) *client {
	return &client{name: name, of: l, late: l.total > 0, next: make(map[key]int), knows: make(map[string]bool)}
}

// run runs a program until the test ends, with all that it starts.
func (c *client) run(t *testing.T, command []string) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "NODE_PATH=/usr/share/nodejs")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	err = cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { c.lines(r) })
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		reading.Wait()
		r.Close()
	})
}

func (c *client) lines(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 2<<20)
	for lines.Scan() {
		c.line(lines.Text())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, "it has ended")
}

// browse reads with the EventSource of a browser until the test ends.
func (c *client) browse(t *testing.T, browser *chromium.Browser, base string) {
	t.Helper()
	tab := browser.Open(t, 800, 600)
	tab.Do(chromedp.Navigate(base + "/healthz"))
	chromium.Eval[bool](tab, fmt.Sprintf(`(() => {
		window.lines = []
		window.events = new EventSource(%q)
		events.onmessage = (e) => lines.push(e.data)
		events.onerror = () => lines.push("error: the state is " + events.readyState)
		for (const name of ["source", "dropped", "repeats"]) {
			events.addEventListener(name, (e) => lines.push(name + ": " + e.data))
		}
		return true
	})()`, c.of.query))
	c.poll = func() {
		for _, line := range chromium.Eval[[]string](tab, "lines.splice(0)") {
			c.line(line)
		}
	}
}

// line takes a line that the client has printed.
func (c *client) line(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.HasPrefix(text, "{") {
		c.record(text)
		return
	}
	if _, data, ok := strings.Cut(text, "source: "); ok {
		var source struct{ Stream, Consolidator, Epoch string }
		if err := json.Unmarshal([]byte(data), &source); err != nil {
			c.wrong = append(c.wrong, fmt.Sprintf("%v in %q", err, text))
		} else if source.Epoch != "" {
			c.knows[source.Stream+" at "+source.Consolidator] = true
		}
		return
	}
	switch {
	case strings.Contains(text, "dropped: "):
		c.wrong = append(c.wrong, text)
	case strings.Contains(text, "repeats: "):
		if c.repeats++; !c.of.many {
			c.wrong = append(c.wrong, text)
		}
	}
	if len(c.said) < 50 {
		c.said = append(c.said, text)
	}
}

// record takes a record. c.mu is held.
func (c *client) record(text string) {
	if len(text) >= zmtp.MaxRecord {
		c.largest++
		return
	}
	type numbered struct {
		Stream, Machine string
		N               *int
		Record          *numbered
	}
	var r numbered
	err := json.Unmarshal([]byte(text), &r)
	if r.Record != nil {
		if r.Record.Stream != r.Stream {
			c.wrong = append(c.wrong, "a record of another stream: "+text)
		}
		r = *r.Record
	}
	if err != nil || r.N == nil {
		c.wrong = append(c.wrong, "no record: "+text)
		return
	}
	k := key{r.Stream, r.Machine}
	next, begun := c.next[k]
	switch n := *r.N; {
	case n == next, n == 1 && !begun && c.late:
		c.next[k] = n + 1
	case n < next && c.repeats > 0:
		c.twice++
	case n < next:
		c.wrong = append(c.wrong, fmt.Sprintf("%v: %d comes after %d", k, n, next-1))
	default:
		c.wrong = append(c.wrong, fmt.Sprintf("%v: %d comes where %d was expected", k, n, next))
		c.next[k] = n + 1
	}
}

// fetch fetches what the client has printed, for a client that does not send it.
func (c *client) fetch() {
	if c.poll != nil {
		c.poll()
	}
}

// places is of how many streams at consolidators it knows where it stands.
func (c *client) places() int {
	c.fetch()
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.knows)
}

// largests is how many records of the largest size have come.
func (c *client) largests() int {
	c.fetch()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.largest
}

// all reports whether the client has what was published.
func (c *client) all(published map[key]int) bool {
	c.fetch()
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, n := range published {
		if c.next[k] < n {
			return false
		}
	}
	return true
}

func (c *client) isWrong() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.wrong) > 0
}

// report fails the test with what the client got wrong.
func (c *client) report(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.wrong) > 0 {
		t.Errorf("%s of %s: %d things are wrong, first %q", c.name, c.of.name, len(c.wrong), c.wrong[:min(len(c.wrong), 5)])
	}
	if c.of.many && c.repeats == 0 {
		t.Errorf("%s was not told that records may come twice", c.name)
	}
	t.Logf("%s of %s: %d places, %d times told of records that may come twice, and %d did; said %q", c.name, c.of.name, len(c.knows), c.repeats, c.twice, c.said)
}
