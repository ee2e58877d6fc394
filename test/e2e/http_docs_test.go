package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sluice/cluster/httpapi"
	pub "sluice/cluster/publish"
	"sluice/internal/certificate"
	"sluice/internal/chromium"
	"sluice/internal/foreign"
	"sluice/internal/relay"
	"sluice/internal/wait"
)

// shellBlocks are the commands that a page of docs/ shows, one text for each block.
func shellBlocks(t *testing.T, page string) (blocks []string) {
	t.Helper()
	var block strings.Builder
	fenced := false
	for line := range strings.Lines(readDoc(t, page) + "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		code, ok := strings.CutPrefix(line, "    ")
		switch {
		case ok && !fenced:
			block.WriteString(code)
		case block.Len() > 0:
			blocks = append(blocks, block.String())
			block.Reset()
		}
	}
	return blocks
}

func readDoc(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fencedCode is what a page of docs/ shows in a language, once.
func fencedCode(t *testing.T, page, language string) string {
	t.Helper()
	parts := strings.Split(readDoc(t, page), "\n```"+language+"\n")
	if len(parts) != 2 {
		t.Fatalf("docs/%s has %d examples in %s, want one", page, len(parts)-1, language)
	}
	code, _, _ := strings.Cut(parts[1], "\n```")
	return code + "\n"
}

// pastedSite is where the examples of the proxy's pages are pasted: a directory with what
// they name, and a cluster in which each stream that they name has an error all the time.
type pastedSite struct {
	dir, subscribe string
	open, keyed    string // addresses of proxies: without keys, and with TLS and the keys of the directory
}

func newPastedSite(t *testing.T) *pastedSite {
	publish, subscribe := pump(t)
	s := &pastedSite{dir: t.TempDir(), subscribe: subscribe}
	client, err := pub.Open(pub.Config{Endpoint: publish})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var logged sync.WaitGroup
	logged.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			for _, name := range []string{"system", "tenant/acme", "tenant/globex", "tenant/initech"} {
				_ = client.Publish(ctx, name, logLine(time.Now(), 50, fmt.Sprint("request ", i)))
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		logged.Wait()
		client.Close(ctx)
	})
	if _, err := certificate.Write(filepath.Join(s.dir, "server.crt"), filepath.Join(s.dir, "server.key"), 1); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-c", "cp server.crt ca.crt && head -c 32 /dev/urandom | base64 > secret && sluice token --jwt-key secret --tenant acme > token")
	cmd.Dir = s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make keys: %v, %s", err, out)
	}
	ports := freePorts(t, 2)
	s.open, s.keyed = ports[0], ports[1]
	file := func(name string) string { return filepath.Join(s.dir, name) }
	start(t, "proxy", "--listen", s.open, "--consolidator", subscribe)
	start(t, "proxy", "--listen", s.keyed, "--consolidator", subscribe, "--jwt-key", file("secret"), "--tls-cert", file("server.crt"), "--tls-key", file("server.key"))
	awaitListener(t, s.open)
	awaitListener(t, s.keyed)
	return s
}

// paste runs a block of commands, with the addresses of this test for the usual ones, and
// more behind it, until the output has all that is wanted. Servers run beside the rest.
func (s *pastedSite) paste(t *testing.T, block, address, more string, want ...string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(block), "\n")
	for i, line := range lines {
		command, _, _ := strings.Cut(line, "    #")
		if strings.HasPrefix(line, "sluice proxy") {
			address = freePorts(t, 1)[0]
			if !strings.Contains(line, "--consolidator") {
				command += " --consolidator " + s.subscribe
			}
			if !strings.Contains(line, "--listen") {
				command += " --listen " + address
			}
			_, port, _ := net.SplitHostPort(address)
			lines[i] = command + " --admin '' &\nuntil true 2>/dev/null >/dev/tcp/127.0.0.1/" + port + "; do sleep 0.05; done"
		}
	}
	script := strings.NewReplacer(
		"tcp://127.0.0.1:5552", s.subscribe, "127.0.0.1:5580", address, "0.0.0.0:5580", address, "10.0.0.5:5580", address,
		"logs.example:5580", address, "10.0.0.0/24", "127.0.0.0/8", "ADDRESS", address,
	).Replace(strings.Join(lines, "\n") + "\n" + more)
	dir := t.TempDir() // blocks write files of the same names
	if err := os.CopyFS(dir, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SLUICE_PROXY=http://"+address, "SLUICE_TOKEN=", "SLUICE_CONSOLIDATORS=", "HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, errs := new(output), new(output)
	cmd.Stdout, cmd.Stderr = out, errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	if !wait.Until(func() bool { return out.has(want) }) {
		t.Errorf("%s\nprints\n%.2000s\n%.2000s\nwant %q", script, out.text(), errs.text(), want)
	}
}

// output is what a command prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.b.Len() > 1<<20 {
		return len(b), nil // enough was seen of what does not end
	}
	return o.b.Write(b)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func (o *output) has(all []string) bool {
	text := o.text()
	for _, s := range all {
		if !strings.Contains(text, s) {
			return false
		}
	}
	return true
}

// What the pages about the proxy show does what they say when it is pasted: each block of
// commands, and no other.
func TestWhatTheProxysPagesShow(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "curl")
	s := newPastedSite(t)
	type example struct {
		page, has string
		keyed     bool
		more      string // asked after the block
		want      []string
	}
	const record = `"msg":"request `
	examples := []example{
		{page: "http.md", has: "sluice proxy --consolidator", want: []string{record}},
		{page: "http.md", has: "last=100&level=error", want: []string{record, `"level":50`}},
		{page: "http.md", has: "Accept: text/event-stream", want: []string{"event: source\n", "\nid: ~", "\ndata: {\"v\":0"}},
		{page: "http.md", has: "prefix=tenant/&limit=2", want: []string{`{"streams":[{"name":"tenant/acme","rate":`, `"next":"tenant/globex"}`}},
		{page: "http.md", has: "watch=changes", want: []string{`{"all":true,"changed":[{"name":"system","rate":`}},
		{page: "http.md", has: "stream=tenant/*&last=20", want: []string{`{"stream":"system","record":{`, `{"stream":"tenant/acme","record":{`, `{"stream":"tenant/globex","record":{`}},
		{page: "http.md", has: "--http2", keyed: true, want: []string{record}},
		{page: "access.md", has: "head -c 32", want: []string{record}},
		{page: "access.md", has: "SLUICE_TOKEN=", keyed: true, want: []string{"request "}},
		{page: "access.md", has: "token inspect", want: []string{"tenant/acme-eu"}},
		{
			page: "access.md", has: "--auth-header", want: []string{"200 403 401"},
			more: `for h in acme,globex initech ''; do curl -s -o /dev/null -w '%{http_code} ' -I -H "X-Auth-Tenants: $h" http://ADDRESS/api/logs/tenant/acme; done`,
		},
		{
			page: "access.md", has: "--cors", want: []string{"access-control-allow-origin: https://console.example", "403"},
			more: `t=$(cat token); curl -sI -H 'Origin: https://console.example' "http://ADDRESS/api/streams?key=$t" | tr A-Z a-z; curl -sI -H 'Origin: https://other.example' "http://ADDRESS/api/streams?key=$t"`,
		},
		{page: "access.md", has: "--tls-cert", want: []string{"request "}},
	}
	// The list has all of them, and rates, from the second second on.
	s.paste(t, "until curl -s 'http://ADDRESS/api/streams' | grep -q initech; do sleep 0.1; done; echo all", s.open, "", "all")
	used := make(map[string]int)
	for _, page := range []string{"http.md", "access.md"} {
		for _, block := range shellBlocks(t, page) {
			found := false
			for _, e := range examples {
				if e.page != page || !strings.Contains(block, e.has) {
					continue
				}
				found = true
				used[page+e.has]++
				t.Run(page+" "+e.has, func(t *testing.T) {
					t.Parallel()
					address := s.open
					if e.keyed {
						address = s.keyed
						block = strings.Replace(block, "sluice tail ", "sluice tail --proxy https://"+s.keyed+" --ca ca.crt ", 1)
					}
					s.paste(t, block, address, e.more, e.want...)
				})
			}
			if !found {
				t.Errorf("docs/%s shows what this test does not paste:\n%s", page, block)
			}
		}
	}
	for _, e := range examples {
		if used[e.page+e.has] != 1 {
			t.Errorf("docs/%s shows %q in %d blocks", e.page, e.has, used[e.page+e.has])
		}
	}
}

// What docs/http.md shows of answers has the form that they have.
func TestTheAnswersOfTheDocs(t *testing.T) {
	t.Parallel()
	read := func(text string, into any) {
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			t.Errorf("%v in %s", err, text)
		}
	}
	seen := make(map[string]int)
	for i, block := range strings.Split(readDoc(t, "http.md"), "\n```") {
		text, plain := strings.CutPrefix(block, "\n")
		if i%2 == 0 || !plain {
			continue // not fenced, or in a language
		}
		for line := range strings.Lines(text) {
			if id, ok := strings.CutPrefix(line, "id: "); ok {
				if _, err := httpapi.ParseResumeID(strings.TrimSuffix(id, "\n")); err != nil {
					t.Errorf("%q: %v", line, err)
				}
			}
			switch {
			case strings.HasPrefix(line, `{"streams":`):
				read(line, new(httpapi.StreamsEvent))
			case strings.HasPrefix(line, `{"all":`), strings.HasPrefix(line, `{"changed":`):
				read(line, new(httpapi.ChangesEvent))
			case strings.HasPrefix(line, `data: {"n":`):
				read(strings.TrimPrefix(line, "data: "), new(httpapi.SourceEvent))
			case strings.HasPrefix(line, `data: {"v":0`), strings.HasPrefix(line, "event: source"), strings.HasPrefix(line, "id: ~"), line == "\n":
			default:
				t.Errorf("nothing answers %q", line)
			}
			seen[line[:min(len(line), 9)]]++
		}
	}
	if len(seen) < 6 {
		t.Errorf("the page shows %v", seen)
	}
}

// The browser's client of docs/http.md prints messages, in a page of the proxy.
func TestBrowserClientOfTheDocs(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "chromium")
	s := newPastedSite(t)
	tab := chromium.Start(t).Open(t, 800, 600)
	tab.Do(chromedp.Navigate("http://" + s.open + "/healthz"))
	chromium.Eval[bool](tab, "globalThis.said = [], console.log = (text) => said.push(text), true")
	chromium.Eval[bool](tab, "(() => {"+fencedCode(t, "http.md", "js")+"})(), true")
	tab.Wait("said.some((text) => /^request \\d+$/.test(text))")
}

// The Python client of docs/http.md prints every record once, in order, while its
// connection is cut again and again.
func TestPythonClientOfTheDocs(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "python3-zmq") // Debian's Python
	publish, subscribe := pump(t)
	listen := freePorts(t, 1)[0]
	start(t, "proxy", "--listen", listen, "--consolidator", subscribe)
	awaitListener(t, listen)
	between := relay.New(t, listen)
	cmd := exec.Command(foreign.Python, "-c", fencedCode(t, "http.md", "python"), "http://"+between.Addr()+"/api/logs/system")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said := new(output)
	cmd.Stderr = said
	run(t, cmd)
	got := newReader()
	go got.lines(stdout)
	publishNumbers(t, strings.TrimPrefix(publish, "tcp://"), "vm-1", 1)
	for range 3 {
		had := got.counted("vm-1")
		wait.For(t, "records after a cut", func() bool { return got.counted("vm-1") >= had+50 })
		between.Cut()
	}
	had := got.counted("vm-1")
	wait.For(t, "records after the last cut", func() bool { return got.counted("vm-1") >= had+50 })
	got.mu.Lock()
	defer got.mu.Unlock()
	if len(got.wrong) > 0 || len(got.notices) > 0 || strings.Contains(said.text(), "lost") || strings.Count(said.text(), "connecting again") < 3 {
		t.Errorf("the client printed %q and notices %q; on standard error:\n%s", got.wrong, got.notices, said.text())
	}
}
