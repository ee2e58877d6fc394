package devenv_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/devenv"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
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
	config.Headless = true
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

func TestToggle(t *testing.T) {
	d := start(t, devenv.Config{Consolidators: 2, Tenants: 1, Rate: 200})
	next := tail(t, d, "system")
	for next().Hostname != "vm-2" {
	}
	admin := d.AdminAddrs()
	serves(t, admin[0], "vm-1")
	serves(t, admin[1], "vm-2")
	if running, err := d.Toggle("vm-2"); err != nil || running {
		t.Fatalf("stop: running %v, %v", running, err)
	}
	if resp, err := http.Get("http://" + admin[1] + "/healthz"); err == nil {
		resp.Body.Close()
		t.Error("vm-2 is stopped, and its admin address answers")
	}
	for others := 0; others < 200; others++ { // what was on its way, and then only the other's
		if l := next(); l.Hostname == "vm-2" && l.Name != "sluice" {
			others = 0
		}
	}
	if running, err := d.Toggle("vm-2"); err != nil || !running {
		t.Fatalf("start: running %v, %v", running, err)
	}
	started := time.Now()
	for next().Hostname != "vm-2" {
	}
	if took := time.Since(started); took > 15*time.Second {
		t.Errorf("the records of vm-2 took %v to come back", took)
	}
	serves(t, admin[1], "vm-2")
	if _, err := d.Toggle("vm-9"); err == nil {
		t.Error("there is a vm-9")
	}
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
		"too many machines": {Consolidators: 17},
		"negative machines": {Consolidators: -1},
		"too many tenants":  {Tenants: 6},
		"negative tenants":  {Tenants: -1},
		"negative rate":     {Rate: -1},
		"too high a rate":   {Rate: 1e6},
	} {
		if _, err := devenv.New(config); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
