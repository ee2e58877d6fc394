package deploy_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"sluice/internal/volume"
	"sluice/internal/wait"
)

// before is how many commits the older program is behind, where no release is.
const before = 50

// Programs of two versions work together, each as each part.
func TestMixedVersions(t *testing.T) {
	volume.Check(t)
	older, this := builtBefore(t), built(t)
	for _, odd := range []string{"consolidator", "proxy", "publisher", "reader"} {
		for name, programs := range map[string][2]string{"older " + odd: {older, this}, "newer " + odd: {this, older}} {
			t.Run(name, func(t *testing.T) {
				of := func(part string) string {
					if part == odd {
						return programs[0]
					}
					return programs[1]
				}
				c := newCluster(t)
				c.consolidator(of("consolidator"))
				c.proxy(of("proxy"))
				c.publish(of("publisher"), 0, 1000)
				for _, from := range []string{"--proxy=http://" + c.listen, "--consolidator=tcp://" + c.subscribe} {
					checkNumbers(t, 1000, output(t, of("reader"), "tail", "--plain", "--output=raw", "--last=1000", "--count=1000", "--for=1m", from, "tenant/acme"))
				}
			})
		}
	}
}

// A consolidator and a proxy are replaced by those of another version under a reader,
// which gets every record once, and goes on.
func TestUpgradeUnderAReader(t *testing.T) {
	volume.Check(t)
	older, this := builtBefore(t), built(t)
	for name, programs := range map[string][2]string{"upgrade": {older, this}, "back": {this, older}} {
		t.Run(name, func(t *testing.T) {
			from, to := programs[0], programs[1]
			c := newCluster(t)
			consolidator, proxy := c.consolidator(from), c.proxy(from)
			c.publish(from, 0, 500)
			reader := start(t, this, "tail", "--plain", "--output=raw", "--last=500", "--count=1500", "--for=2m", "--proxy=http://"+c.listen, "tenant/acme")
			reader.awaitLines(500)

			consolidator.end()
			c.consolidator(to)
			c.publish(from, 500, 1000)
			reader.awaitLines(1000)

			proxy.end()
			c.proxy(to)
			c.publish(to, 1000, 1500)
			if err := reader.wait(); err != nil {
				t.Fatalf("the reader ends with %v, and says:\n%s", err, reader.log.String())
			}
			checkNumbers(t, 1500, reader.out.String())
			if said := reader.log.String(); strings.Contains(said, "lost") && strings.Contains(said, "records") {
				t.Errorf("the reader says:\n%s", said)
			}
		})
	}
}

// cluster is one consolidator and one proxy, at addresses that stay theirs.
type cluster struct {
	t                            *testing.T
	publishTo, subscribe, listen string
}

func newCluster(t *testing.T) *cluster {
	return &cluster{t, freeAddress(t), freeAddress(t), freeAddress(t)}
}

func (c *cluster) consolidator(program string) *process {
	p := start(c.t, program, "consolidator", "--name=vm-1", "--publish=tcp://"+c.publishTo, "--subscribe=tcp://"+c.subscribe, "--admin=")
	awaitListener(c.t, c.publishTo)
	awaitListener(c.t, c.subscribe)
	return p
}

func (c *cluster) proxy(program string) *process {
	p := start(c.t, program, "proxy", "--listen="+c.listen, "--consolidator=tcp://"+c.subscribe, "--admin=")
	awaitListener(c.t, c.listen)
	return p
}

// publish publishes the numbers from one to another, and returns when the consolidator
// has them.
func (c *cluster) publish(program string, from, to int) {
	c.t.Helper()
	var lines bytes.Buffer
	for n := from; n < to; n++ {
		fmt.Fprintf(&lines, `{"v":0,"name":"t","hostname":"h","pid":1,"level":30,"time":"2026-03-01T12:00:00.000Z","msg":"%d."}`+"\n", n)
	}
	cmd := exec.Command(program, "publish", "--to=tcp://"+c.publishTo, "tenant/acme")
	cmd.Stdin = &lines
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("publish: %v\n%s", err, out)
	}
}

// checkNumbers checks that lines are the records of all numbers, in order.
func checkNumbers(t *testing.T, count int, lines string) {
	t.Helper()
	n := 0
	for line := range strings.Lines(lines) {
		if !strings.Contains(line, fmt.Sprintf(`"msg":"%d."`, n)) {
			t.Fatalf("line %d is %s", n, line)
		}
		n++
	}
	if n != count {
		t.Fatalf("%d records, want %d", n, count)
	}
}

// older is the last release before this commit, or else a commit some time ago; "" where
// the repository has neither.
func older() string {
	git := func(args ...string) (string, error) {
		out, err := exec.Command("git", args...).Output()
		return strings.TrimSpace(string(out)), err
	}
	if tag, err := git("describe", "--tags", "--abbrev=0", "--match=v*", "HEAD~1"); err == nil {
		return tag
	}
	if commit, err := git("rev-parse", "--verify", "--quiet", fmt.Sprintf("HEAD~%d^{commit}", before)); err == nil {
		return commit
	}
	return ""
}

// end ends a process as a service manager does.
func (p *process) end() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.wait(); err != nil {
		p.t.Fatalf("%q ends with %v, and says:\n%s", p.cmd.Args, err, p.log.String())
	}
}

func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, log.Bytes())
	}
	return string(out)
}

func awaitListener(t *testing.T, address string) {
	t.Helper()
	wait.For(t, "a listener on "+address, func() bool { return listens(address) })
}
