package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sluice/cluster/httpapi"
	"sluice/internal/wait"
)

// Three consolidators and a proxy, each a process; one is killed while all
// publish, and comes back.
func TestKillNine(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 7)
	names := []string{"vm-1", "vm-2", "vm-3"}
	consolidator := func(i int) *exec.Cmd {
		return start(t, "consolidator", "--name", names[i], "--publish", "tcp://"+ports[2*i], "--subscribe", "tcp://"+ports[2*i+1])
	}
	var victim *exec.Cmd
	proxyArgs := []string{"proxy", "--listen", ports[6]}
	for i := range names {
		c := consolidator(i)
		if i == 1 {
			victim = c
		}
		proxyArgs = append(proxyArgs, "--consolidator", "tcp://"+ports[2*i+1])
	}
	start(t, proxyArgs...)
	for _, p := range ports {
		awaitListener(t, p)
	}

	// A client, and what curl does.
	client, curl := newReader(), newReader()
	client.tail(t, "--proxy", "http://"+ports[6], "system")
	resp, err := http.Get("http://" + ports[6] + "/api/logs/system")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	go curl.lines(resp.Body)

	readers := map[string]*reader{"sluice": client, "curl": curl}
	for i, name := range names {
		publishNumbers(t, ports[2*i], name, 0)
	}
	for who, rd := range readers {
		for _, name := range names {
			wait.For(t, who+": records of "+name, func() bool { return rd.counted(name) >= 50 })
		}
	}

	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	for who, rd := range readers {
		for _, name := range []string{"vm-1", "vm-3"} {
			before := rd.counted(name)
			wait.For(t, who+": records of "+name+" after the kill", func() bool { return rd.counted(name) >= before+100 })
		}
	}

	consolidator(1)
	awaitListener(t, ports[2])
	awaitListener(t, ports[3])
	back := time.Now()
	publishNumbers(t, ports[2], "vm-2", restarted)
	for who, rd := range readers {
		wait.For(t, who+": records of vm-2 after its restart", func() bool { return rd.newest("vm-2") > restarted })
		t.Logf("%s: the records of vm-2 took %v to come back", who, time.Since(back).Round(time.Millisecond))
	}
	wait.For(t, "sluice to tell the gap", func() bool { return client.heard("an unknown number of records of system lost") })
	wait.For(t, "curl to be told the gap", func() bool { return curl.heard("an unknown number of records dropped") })
	for who, rd := range readers {
		rd.mu.Lock()
		for _, wrong := range rd.wrong {
			t.Errorf("%s: %s", who, wrong)
		}
		if t.Failed() {
			t.Logf("%s: notices %q", who, rd.notices)
		}
		rd.mu.Unlock()
	}
}

// A proxy is killed and comes back, again and again: its client goes on by the
// positions at the consolidators, and misses nothing: not of one either that had
// its first record while there was no proxy.
func TestKilledProxy(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 5)
	start(t, "consolidator", "--name", "vm-1", "--publish", "tcp://"+ports[0], "--subscribe", "tcp://"+ports[1])
	start(t, "consolidator", "--name", "vm-2", "--publish", "tcp://"+ports[3], "--subscribe", "tcp://"+ports[4])
	proxy := func() *exec.Cmd {
		p := start(t, "proxy", "--listen", ports[2], "--consolidator", "tcp://"+ports[1], "--consolidator", "tcp://"+ports[4])
		awaitListener(t, ports[2])
		return p
	}
	p := proxy()
	client := newReader()
	client.tail(t, "--proxy", "http://"+ports[2], "system")
	for _, port := range ports {
		awaitListener(t, port)
	}
	awaitPosition(t, "http://"+ports[2], "vm-2")
	publishNumbers(t, ports[0], "vm-1", 0)
	for round := range 3 {
		had := client.counted("vm-1")
		wait.For(t, "records", func() bool { return client.counted("vm-1") >= had+50 })
		_ = p.Process.Kill()
		_ = p.Wait()
		had = client.counted("vm-1")
		if round == 0 {
			// So few that those of a minute are within the backfill of a new tail.
			publishNumbersEvery(t, 50*time.Millisecond, ports[3], "vm-2", 0)
			lines := newReader()
			direct := exec.Command("sluice", "tail", "--plain", "--output", "raw", "--last", "1", "--count", "20", "--consolidator", "tcp://"+ports[4], "system")
			out, err := direct.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := direct.Start(); err != nil {
				t.Fatal(err)
			}
			lines.lines(out)
			_ = direct.Wait()
		}
		p = proxy()
		wait.For(t, "records after the proxy's restart", func() bool { return client.counted("vm-1") >= had+50 })
	}
	client.mu.Lock()
	defer client.mu.Unlock()
	if client.count["vm-2"] == 0 || client.first["vm-2"] != 0 {
		t.Errorf("of vm-2 the client has %d records, from number %d", client.count["vm-2"], client.first["vm-2"])
	}
	for _, wrong := range client.wrong {
		t.Error(wrong)
	}
	for _, n := range client.notices {
		if strings.Contains(n, "number of records") || strings.Contains(n, "records of system lost") {
			t.Errorf("a loss was told where there was none: %s", n)
		}
	}
}

// awaitPosition waits until a proxy tells the readers of system where it reads at
// a consolidator. Those who have a record of it later know it, too.
func awaitPosition(t *testing.T, proxy, consolidator string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait.Limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, proxy+"/api/logs/system", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var told []string
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		var source httpapi.SourceEvent
		if !ok || json.Unmarshal([]byte(data), &source) != nil {
			continue
		}
		if source.Consolidator == consolidator && source.Epoch != "" {
			return
		}
		told = append(told, data)
	}
	t.Fatalf("the proxy does not read at %s: it told %q", consolidator, told)
}
