package e2e_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sluice/internal/request"
	"sluice/internal/wait"
)

// A proxy that may have few files open tells how it is, on both addresses, and reaches
// its consolidator, while clients take all the connections they can get.
func TestHealthAtTheLimitOfOpenFiles(t *testing.T) {
	ports := freePorts(t, 3)
	listen, admin, sub := ports[0], ports[1], ports[2]
	log, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("sh", "-c", `ulimit -n 80 && exec "$@"`, "sh", "sluice",
		"proxy", "--listen", listen, "--admin", admin, "--consolidator", "tcp://"+sub)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	awaitListener(t, listen)
	awaitListener(t, admin)
	for range 300 {
		nc, err := net.Dial("tcp", listen)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	healthy := func(path string) {
		for _, address := range []string{listen, admin} {
			wait.For(t, path+" of "+address, func() bool {
				status, _ := request.Do(t, "GET", "http://"+address+path)
				return status == http.StatusOK
			})
		}
	}
	healthy("/healthz")
	healthy("/readyz")
	if _, text := request.Do(t, "GET", "http://"+admin+"/metrics"); !strings.Contains(text, `requests_refused_total{reason="connections"}`) {
		t.Error("no metric has the refusals")
	}
	start(t, "consolidator", "--publish", "tcp://127.0.0.1:0", "--subscribe", "tcp://"+sub)
	wait.For(t, "the consolidator, with "+listen+" full", func() bool {
		_, text := request.Do(t, "GET", "http://"+admin+"/metrics")
		return connected(text)
	})
	text, err := os.ReadFile(log.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"fewer connections than wanted", "as many connections as the proxy serves"} {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("the log does not say %q once:\n%s", want, text)
		}
	}
}

// connected reports whether the metrics of a proxy show a consolidator that is there.
func connected(metrics string) bool {
	for line := range strings.Lines(metrics) {
		if strings.HasPrefix(line, "sluice_proxy_consolidator_connected{") {
			return strings.HasSuffix(strings.TrimSpace(line), " 1")
		}
	}
	return false
}
