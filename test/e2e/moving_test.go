package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	pub "sluice/cluster/publish"
	"sluice/internal/testnats"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// move is an archive that is moved by what docs/archive.md says, while somebody publishes.
type move struct {
	t                  *testing.T
	blocks             []string // the commands of the page, in order
	dir                string
	publish, subscribe string
	old, servers       string // addresses, as the page calls them
	published          atomic.Int64
}

// script has a script of the page speak to what the test runs.
func (m *move) script(block int) string {
	m.t.Helper()
	if block >= len(m.blocks) {
		m.t.Fatalf("docs/archive.md has %d blocks of commands on moving, not %d: %q", len(m.blocks), block+1, m.blocks)
	}
	script := strings.TrimSpace(m.blocks[block])
	if strings.HasPrefix(script, "sluice archive --nats") {
		script = strings.Replace(script, "--admin 127.0.0.1:5566", "--admin ''", 1) + " --publish '' --consolidator " + m.subscribe
	}
	return fmt.Sprintf("export OLD=%s NEW=%s\n%s", m.old, m.servers, script)
}

// runs runs commands of the page until they end.
func (m *move) runs(block int, env ...string) string {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*wait.Limit)
	defer cancel()
	cmd := m.command(ctx, m.script(block), env)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		m.t.Fatalf("%s: %v: %s", m.blocks[block], err, errs.Bytes())
	}
	return string(out)
}

func (m *move) command(ctx context.Context, script string, env []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir, cmd.Env = m.dir, append(append(os.Environ(), "SLUICE_CONSOLIDATORS="+m.subscribe, "TZ=UTC"), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// begins runs commands of the page that do not end by themselves; end ends them as an operator does.
func (m *move) begins(script string, env ...string) (end func()) {
	m.t.Helper()
	cmd := m.command(context.Background(), script, env)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	end = func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		<-ended
	}
	m.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		if m.t.Failed() {
			m.t.Logf("%s\nsaid: %s", script, log.Bytes())
		}
	})
	return end
}

// publishes publishes numbers until the test ends.
func (m *move) publishes() {
	m.t.Helper()
	client, err := pub.Open(pub.Config{Endpoint: m.publish})
	if err != nil {
		m.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for n := int64(0); ; n++ {
			if client.Publish(ctx, "tenant/acme", fmt.Appendf(nil, `{"v":0,"name":"app","hostname":"vm","pid":1,"level":30,"time":%q,"msg":"","n":%d}`,
				time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), n)) == nil {
				m.published.Store(n + 1)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	m.t.Cleanup(func() {
		cancel()
		<-ended
		client.Close(ctx)
	})
}

// numbers are those of the records in a file.
func (m *move) numbers(name string) []int {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	return m.parse(text)
}

func (m *move) parse(text []byte) (all []int) {
	m.t.Helper()
	text = text[:bytes.LastIndexByte(text, '\n')+1] // a line may be being written
	for line := range bytes.Lines(text) {
		var n number
		if err := json.Unmarshal(line, &n); err != nil {
			m.t.Fatalf("%v: %q", err, line)
		}
		all = append(all, n.N)
	}
	return all
}

// has waits until the last of what was published by now is in a file.
func (m *move) has(name string) {
	m.t.Helper()
	last := int(m.published.Load())
	wait.For(m.t, fmt.Sprintf("number %d in %s", last, name), func() bool {
		all := m.numbers(name)
		return len(all) > 0 && slices.Max(all) >= last
	})
}

// history is what is read at an address, from the beginning to what was published by now.
func (m *move) history(at string) []int {
	m.t.Helper()
	last := m.published.Load()
	cmd := exec.Command("sluice", "tail", "--plain", "--output", "raw", "--since", "1h", "--archive", at, "--consolidator", m.subscribe,
		"--count", fmt.Sprint(last), "--for", wait.Limit.String(), "tenant/acme")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		m.t.Fatalf("read %s: %v: %s", at, err, errs.Bytes())
	}
	if !strings.Contains(errs.String(), "lost=0") || strings.Contains(errs.String(), "unavailable") {
		m.t.Errorf("read %s: %s", at, errs.Bytes())
	}
	return m.parse(out)
}

// blocksOf are the commands below a heading of a page, one text for each block.
func blocksOf(t *testing.T, page, heading string) (blocks []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n### "+heading+"\n")
	if !ok {
		t.Fatalf("docs/%s has no heading %q", page, heading)
	}
	section, _, _ = strings.Cut(section, "\n#")
	in := false
	for line := range strings.Lines(section) {
		code := strings.TrimLeft(line, " ")
		if len(line)-len(code) < 4 {
			in = in && code == "\n"
			continue
		}
		if !in {
			blocks = append(blocks, "")
		}
		blocks[len(blocks)-1] += code
		in = true
	}
	return blocks
}

// What docs/archive.md says of moving from the embedded server to a cluster is done while
// somebody publishes: nothing is lost, and nothing is twice in an archive or for a group of it.
func TestMovingToACluster(t *testing.T) {
	volume.Long(t)
	servers := testnats.New(t, 3)
	m := &move{t: t, dir: t.TempDir(), servers: servers.URLs(), blocks: blocksOf(t, "archive.md", "From the embedded server to the cluster")}
	m.publish, m.subscribe = pump(t)
	at := freePorts(t, 1)[0]
	m.old = "nats://" + at
	start(t, "archive", "--store", filepath.Join(t.TempDir(), "store"), "--listen", at, "--consolidator", m.subscribe, "--publish", "", "--admin", "")
	awaitListener(t, at)
	if err := os.WriteFile(filepath.Join(m.dir, "index.sh"), []byte("#!/bin/sh\ncat >> \"$OUT\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	m.publishes()
	endsOld := m.begins("exec sluice consume index 'tenant/*' --archive "+m.old+" --exec ./index.sh", "OUT=old")
	m.has("old")

	m.begins(m.script(1))
	wait.For(t, "the new archive to have all", func() bool {
		cmd := m.command(t.Context(), m.script(2)+" --output json", nil)
		out, err := cmd.Output()
		return err == nil && bytes.Contains(out, []byte(`"stream":"tenant/acme"`))
	})
	m.begins(m.script(3), "OUT=new")
	m.has("new")
	m.has("old")
	endsOld()
	if dead := m.runs(4, "OUT=old"); dead != "" {
		t.Errorf("dead are %s", dead)
	}
	m.has("new")

	old, now := m.numbers("old"), m.numbers("new")
	for what, all := range map[string][]int{"old": old, "new": now} {
		if sorted := slices.Compact(slices.Sorted(slices.Values(all))); len(sorted) != len(all) {
			t.Errorf("of %d that the group did at the %s archive, %d are twice", len(all), what, len(all)-len(sorted))
		}
	}
	last := slices.Max(now)
	both := slices.Compact(slices.Sorted(slices.Values(slices.Concat(old, now))))
	if len(both) < last || both[0] != 0 || both[last] != last {
		t.Errorf("the group did %d of the first %d, and %d of them at both", len(both), last+1, len(old)+len(now)-len(both))
	}
	for _, at := range []string{m.old, m.servers} {
		for i, n := range m.history(at) {
			if n != i {
				t.Fatalf("read at %s: number %d stands where %d belongs", at, n, i)
			}
		}
	}
}
