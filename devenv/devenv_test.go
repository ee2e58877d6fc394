package devenv_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/devenv"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// partOf says in the environment of the test's own program that it is a part.
const partOf = "SLUICE_TEST_PART"

func TestMain(m *testing.M) {
	if os.Getenv(partOf) != "" {
		if err := devenv.RunPart(context.Background(), os.Stdin, os.Stdout, nil, slog.New(slog.NewTextHandler(os.Stderr, nil))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Setenv(partOf, "1")
	goleak.VerifyTestMain(m)
}

// program is the test's own.
func program(t testing.TB) []string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{path}
}

// output is what a running cluster has printed.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start runs a headless cluster until the test ends.
func start(t *testing.T, config devenv.Config) *devenv.Devenv {
	t.Helper()
	config.Headless, config.Program = true, program(t)
	d, err := devenv.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("run: %v", err)
			}
		case <-time.After(time.Minute):
			t.Error("the cluster does not end")
		}
	})
	return d
}

type line struct {
	Hostname string
	Tenant   string
	Name     string
	Level    int
}

// tail reads the lines of a stream from the proxy.
func tail(t *testing.T, d *devenv.Devenv, stream string) (next func() line) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.ProxyURL()+"/api/logs/"+stream, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %s", resp.Status)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	return func() (l line) {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("stream %s ended: %v", stream, lines.Err())
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%v: %q", err, lines.Bytes())
		}
		return l
	}
}

func TestClusterServesItsStreams(t *testing.T) {
	var out output
	d := start(t, devenv.Config{Consolidators: 3, Tenants: 2, Rate: 300, Output: &out})
	next := tail(t, d, "tenant/acme")
	from := map[string]int{}
	for len(from) < 3 || from["vm-1"]+from["vm-2"]+from["vm-3"] < 500 {
		l := next()
		if l.Name == "sluice" { // a notice
			continue
		}
		if l.Tenant != "acme" {
			t.Fatalf("a record of tenant %q in tenant/acme", l.Tenant)
		}
		from[l.Hostname]++
	}
	if len(from) != 3 {
		t.Errorf("records came from %v", from)
	}
	for _, want := range append(slices.Concat(d.PublishEndpoints(), d.SubscribeEndpoints(), d.AdminAddrs()), d.ProxyURL(), "curl -N", "sluice tail", "--consolidator") {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it did not print %q:\n%s", want, out.String())
		}
	}
}

// serves checks that an admin address has the metrics of a machine.
func serves(t *testing.T, addr, machine string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	resp, err := client.Get("http://" + addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if want := `sluice_consolidator_info{name="` + machine + `"} 1`; !strings.Contains(string(body), want) {
		t.Errorf("%s does not say %s", addr, want)
	}
}

func part(t *testing.T, d *devenv.Devenv, name string) devenv.Part {
	t.Helper()
	for _, p := range d.Parts() {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no part %s in %v", name, d.Parts())
	panic("unreachable")
}

// until reads until a record of a machine comes.
func until(t *testing.T, next func() line, host string) {
	t.Helper()
	for {
		if l := next(); l.Hostname == host && l.Name != "sluice" {
			return
		}
	}
}

// quiet reads until no record of a machine has been among so many.
func quiet(next func() line, host string, many int) {
	for others := 0; others < many; others++ {
		if l := next(); l.Hostname == host && l.Name != "sluice" {
			others = 0
		}
	}
}

// Every fault silences a machine, and nobody else, until it is mended; one that is slow
// goes on.
func TestFaults(t *testing.T) {
	volume.Check(t)
	faults(t, devenv.Hung, devenv.CutOff, devenv.Killed, devenv.Slow)
}

func TestKilled(t *testing.T) { faults(t, devenv.Killed) }

func faults(t *testing.T, all ...devenv.Fault) {
	d := start(t, devenv.Config{Consolidators: 2, Tenants: 1, Rate: 300})
	next := tail(t, d, "system")
	serves(t, d.AdminAddrs()[0], "vm-1")
	serves(t, d.AdminAddrs()[1], "vm-2")
	for _, fault := range all {
		until(t, next, "vm-2")
		if err := d.Break("vm-2", fault); err != nil {
			t.Fatal(err)
		}
		if p := part(t, d, "vm-2"); p.Fault != fault || (p.PID == 0) != (fault == devenv.Killed) {
			t.Fatalf("%+v, want %v", p, fault)
		}
		if fault == devenv.Slow {
			until(t, next, "vm-2")
		} else {
			quiet(next, "vm-2", 200)
		}
		if fault == devenv.Killed {
			if err := d.Break("vm-2", devenv.Hung); err == nil {
				t.Error("what does not run can hang")
			}
		}
		if err := d.Mend("vm-2"); err != nil {
			t.Fatal(err)
		}
		if p := part(t, d, "vm-2"); p.Fault != devenv.None || p.PID == 0 {
			t.Fatalf("mended: %+v", p)
		}
	}
	until(t, next, "vm-2")
	serves(t, d.AdminAddrs()[1], "vm-2")
	if err := d.Break("vm-9", devenv.Hung); err == nil {
		t.Error("there is a vm-9")
	}
}

// What ends by itself, or by somebody else, is said, and comes back where it was.
func TestAPartThatEnds(t *testing.T) {
	d := start(t, devenv.Config{Consolidators: 1, Tenants: 1, Rate: 200})
	url := d.ProxyURL()
	if err := syscall.Kill(part(t, d, "proxy").PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "its end to be seen", func() bool { return part(t, d, "proxy").Fault == devenv.Ended })
	if why := part(t, d, "proxy").Why; why != "signal: killed" {
		t.Errorf("it has ended: %s", why)
	}
	if err := d.Mend("proxy"); err != nil {
		t.Fatal(err)
	}
	if d.ProxyURL() != url {
		t.Errorf("it was at %s, and is at %s", url, d.ProxyURL())
	}
	until(t, tail(t, d, "system"), "vm-1")
}

func TestBusyPortIsReplacedAndSaid(t *testing.T) {
	for _, busy := range []string{"127.0.0.1:5551", "127.0.0.1:5553"} {
		if l, err := net.Listen("tcp", busy); err == nil { // or somebody else has it: as good
			defer l.Close()
		}
	}
	var out output
	d := start(t, devenv.Config{Consolidators: 1, Tenants: 1, Output: &out})
	if strings.HasSuffix(d.PublishEndpoints()[0], ":5551") {
		t.Fatalf("it has %s", d.PublishEndpoints()[0])
	}
	tail(t, d, "system")() // it runs all the same
	serves(t, d.AdminAddrs()[0], "vm-1")
	for _, want := range []string{
		"port 5551 is busy: vm-1 has tcp://127.0.0.1:",
		"port 5553 is busy: vm-1's admin has http://" + d.AdminAddrs()[0],
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it did not print %q:\n%s", want, out.String())
		}
	}
}

func TestConfig(t *testing.T) {
	for name, config := range map[string]devenv.Config{
		"no program":        {},
		"too many machines": {Consolidators: 17},
		"negative machines": {Consolidators: -1},
		"too many tenants":  {Tenants: 6},
		"negative tenants":  {Tenants: -1},
		"negative rate":     {Rate: -1},
		"too high a rate":   {Rate: 1e6},
	} {
		if name != "no program" {
			config.Program = program(t)
		}
		if _, err := devenv.New(config); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
