package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	pub "sluice/cluster/publish"
	"sluice/internal/foreign"
	"sluice/internal/wait"
)

// recipe is the commands of a section of docs/scripting.md.
func recipe(t *testing.T, number int) []string { return recipeOf(t, "scripting.md", number) }

// recipeOf is the commands of a section of a page, one text for each block.
func recipeOf(t *testing.T, page string, number int) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), fmt.Sprintf("\n## %d. ", number))
	if !ok {
		t.Fatalf("docs/%s has no recipe %d", page, number)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	var block strings.Builder
	for line := range strings.Lines(section) {
		code, ok := strings.CutPrefix(line, "    ")
		switch {
		case ok:
			block.WriteString(code)
		case block.Len() > 0:
			blocks = append(blocks, block.String())
			block.Reset()
		}
	}
	if block.Len() > 0 {
		blocks = append(blocks, block.String())
	}
	return blocks
}

// shell is where recipes run: a directory, and a cluster in the environment.
type shell struct {
	t       *testing.T
	dir     string
	proxy   string
	publish string // endpoint
}

// newShell starts a cluster in which something is logged all the time: each
// tenth record of tenant/acme is an error, tenant/globex has none.
func newShell(t *testing.T) *shell {
	publish, subscribe := pump(t)
	listen := freePorts(t, 1)[0]
	start(t, "proxy", "--listen", listen, "--consolidator", subscribe)
	awaitListener(t, listen)
	s := &shell{t: t, dir: t.TempDir(), proxy: "http://" + listen, publish: publish}

	client, err := pub.Open(pub.Config{Endpoint: publish})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	logged := make(chan struct{})
	if err := client.Publish(ctx, "tenant/acme", []byte(strings.TrimSpace(odd))); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(logged)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			level := 30
			if i%10 == 9 {
				level = 50
			}
			_ = client.Publish(ctx, "tenant/acme", logLine(time.Now(), level, fmt.Sprint("request ", i)))
			_ = client.Publish(ctx, "tenant/globex", logLine(time.Now(), 30, fmt.Sprint("request ", i)))
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-logged
		client.Close(ctx)
	})
	return s
}

func logLine(at time.Time, level int, msg string) []byte {
	return fmt.Appendf(nil, `{"v":0,"name":"shop","hostname":"vm-1","pid":7,"level":%d,"time":%q,"msg":%q}`,
		level, at.UTC().Format("2006-01-02T15:04:05.000Z"), msg)
}

// run runs a script with bash, until it ends or done says that it has done
// enough; then it is told to end as a service is. It returns what it printed and
// its exit code.
func (s *shell) run(script string, done func() bool) (stdout string, code int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*wait.Limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "SLUICE_PROXY="+s.proxy, "SLUICE_TOKEN=", "SLUICE_CONSOLIDATORS=", "TZ=UTC", "HOME="+s.dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	if done != nil {
		wait.For(s.t, "what the script does", done)
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			s.t.Fatal(err)
		}
	}
	_ = cmd.Wait()
	if ctx.Err() != nil {
		s.t.Fatalf("%s\ndid not end: %s", script, errs.Bytes())
	}
	s.t.Logf("%s\nexits with %d: %s", script, cmd.ProcessState.ExitCode(), errs.Bytes())
	return out.String(), cmd.ProcessState.ExitCode()
}

// write writes a file into the directory.
func (s *shell) write(name, text string, mode os.FileMode) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
}

// files are the files in the directory that match a pattern.
func (s *shell) files(pattern string) []string {
	names, _ := filepath.Glob(filepath.Join(s.dir, pattern))
	return names
}

// recording is a recording of some records, by minute and level.
func recording(levels ...int) string {
	var b strings.Builder
	for i, level := range levels {
		at := time.Date(2026, 3, 1, 14, i, 0, 0, time.UTC)
		for n := range 3 {
			b.Write(logLine(at.Add(time.Duration(n)*time.Second), level, fmt.Sprintf("request %d of minute %d", n, i)))
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// odd is a record at which jq stops, unless it is told not to.
const odd = `{"v":0,"name":"shop","hostname":"vm-1","pid":7,"level":50,"time":"2026-03-01T14:00:00.000Z","msg":"cut \ud800"}` + "\n"

func TestRecipeIncident(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	blocks := recipe(t, 1)
	if _, code := s.run(strings.Replace(blocks[0], "--after 30s", "--after 1s", 1), nil); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	out, code := s.run(strings.Replace(blocks[1], "--speed 10", "--speed 100", 1), nil)
	before, after, found := strings.Cut(out, "ERROR shop: request ")
	if code != 0 || !found || !strings.Contains(after, "INFO") {
		t.Errorf("exit code %d; before the error %q, after it %q", code, before, after)
	}
}

func TestRecipeCI(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	script := recipe(t, 2)[0]
	s.write("integration-tests", "#!/bin/sh\nuntil grep -c '\"level\":' ci.ndjson.part | grep -q ..; do sleep 0.1; done\n", 0o700)
	out, code := s.run(script, nil)
	if code != 1 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "ERROR shop: request ") {
		t.Errorf("with errors: exit code %d, output %q", code, out)
	}
	if len(s.files("ci.ndjson")) != 1 {
		t.Errorf("the recording is not there: %q", s.files("*"))
	}
	out, code = s.run(strings.Replace(script, "tenant/acme", "tenant/globex", 1), nil)
	if code != 0 || out != "" {
		t.Errorf("without errors: exit code %d, output %q", code, out)
	}
}

func TestRecipePerTenant(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "zstd")
	s := newShell(t)
	blocks := recipe(t, 3)
	script := strings.NewReplacer("sluice", "exec sluice", "--rotate 1h", "--rotate 1s", "--keep 48", "--keep 2").Replace(blocks[0])
	// exec, so that the signal comes to the command and not to the shell
	seen := map[string]bool{}
	_, code := s.run(script, func() bool {
		for _, name := range s.files("logs/*.zst") {
			seen[name] = true
		}
		return len(seen) >= 8 && len(s.files("logs/tenant+acme-*.zst")) > 0
	})
	if code != 0 {
		t.Errorf("told to end it exits with %d", code)
	}
	for _, tenant := range []string{"acme", "globex"} {
		files := s.files("logs/tenant+" + tenant + "-*.ndjson.zst")
		if len(files) == 0 || len(files) > 3 {
			t.Errorf("%d files of %s are kept: %q", len(files), tenant, files)
		}
		for _, name := range files {
			if out, err := exec.Command("zstd", "-dc", name).CombinedOutput(); err != nil || bytes.Count(out, []byte("shop")) == 0 {
				t.Errorf("zstd -dc %s: %v, %d bytes", name, err, len(out))
			}
		}
	}
	if parts := s.files("logs/*.part"); len(parts) > 0 {
		t.Errorf("left behind: %q", parts)
	}
	from, to := time.Now().UTC().Add(-time.Hour), time.Now().UTC().Add(time.Hour)
	if from.Day() == to.Day() {
		out, code := s.run(strings.NewReplacer("14:00", from.Format("15:04"), "18:00", to.Format("15:04")).Replace(blocks[1]), nil)
		if code != 0 || !strings.Contains(out, `"msg":"request `) {
			t.Errorf("replayed: exit code %d, %d bytes", code, len(out))
		}
	}
}

func TestRecipeErrorsAMinute(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "jq")
	s := newShell(t)
	if err := os.Mkdir(filepath.Join(s.dir, "logs"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.write("logs/tenant+acme-20260301T140000Z.ndjson.zst", odd+recording(50, 30, 50), 0o600) // by content, it is plain
	blocks := recipe(t, 4)
	out, code := s.run(blocks[0], nil)
	if want := "      3 2026-03-01T14:00\n      3 2026-03-01T14:02\n"; code != 0 || out != want {
		t.Errorf("exit code %d, output %q, want %q", code, out, want)
	}
	out, code = s.run(strings.Replace(blocks[1], "sluice tail ", "sluice tail --last 100 --count 3 ", 1), nil)
	if code != 0 || !regexp.MustCompile(`^ +[123] 20\d\d-\d\d-\d\dT\d\d:\d\d\n`).MatchString(out) {
		t.Errorf("live: exit code %d, output %q", code, out)
	}
}

func TestRecipeCompare(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "jq")
	s := newShell(t)
	s.write("before.ndjson.zst", recording(30, 30), 0o600)
	s.write("after.ndjson.zst", odd+recording(30, 30, 50), 0o600)
	out, code := s.run(recipe(t, 5)[0], nil)
	if want := "50\tshop\trequest N of minute N\n"; code != 0 || out != want {
		t.Errorf("exit code %d, output %q, want %q", code, out, want)
	}
}

func TestRecipeTools(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "jq", "lnav")
	s := newShell(t)
	blocks := recipe(t, 6)
	out, code := s.run(strings.Replace(blocks[0], "sluice tail ", "sluice tail --last 100 --count 30 ", 1), nil)
	if code != 0 || !regexp.MustCompile(`^(request \d*9\n){2,}$`).MatchString(out) {
		t.Errorf("jq: exit code %d, output %q", code, out)
	}
	s.write("incident.ndjson.zst", recording(30, 50, 50), 0o600)
	format, err := filepath.Abs("../../docs/sluice.lnav.json")
	if err != nil {
		t.Fatal(err)
	}
	// Not on a terminal, -n prints what it would show.
	_, code = s.run(strings.NewReplacer("docs/sluice.lnav.json", format, "lnav incident", "lnav -n incident").Replace(blocks[1]), nil)
	if code != 0 {
		t.Errorf("lnav: exit code %d", code)
	}
	out, code = s.run(blocks[2], nil)
	if code != 0 || !strings.Contains(out, "error,6\n") || !strings.Contains(out, "info,3\n") {
		t.Errorf("lnav: exit code %d, output %q", code, out)
	}
}

func TestRecipeBunyan(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "bunyan")
	s := newShell(t)
	out, code := s.run(strings.Replace(recipe(t, 6)[3], "sluice tail ", "sluice tail --last 100 --count 30 ", 1), nil)
	if code != 0 || !strings.Contains(out, "ERROR") || strings.Contains(out, "INFO") {
		t.Errorf("bunyan: exit code %d, output %q", code, out)
	}
}
