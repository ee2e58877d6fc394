package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"sluice/cluster/httpapi"
)

const patience = 30 * time.Second // for what must come

// start runs sluice as a process of its own until the test ends.
func start(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if args[0] == "consolidator" {
		args = append(args, "--admin", "") // there are several at a time
	}
	cmd := exec.Command("sluice", args...)
	var log bytes.Buffer // to be read when it has ended
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%q said:\n%s", cmd.Args, log.Bytes())
		}
	})
	return cmd
}

// taken are the ports that freePort has given out.
var taken = struct {
	sync.Mutex
	ports map[int]bool
}{ports: make(map[int]bool)}

// freePort returns a port of this machine that nobody listens on. It is none of
// those that the system gives to whoever asks for any: so nobody gets it while
// it is not listened on, and nobody who connects to it then connects to itself.
func freePort() int {
	taken.Lock()
	defer taken.Unlock()
	for {
		port := 10_000 + rand.IntN(20_000)
		if taken.ports[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		l.Close()
		taken.ports[port] = true
		return port
	}
}

// freePorts returns n addresses that nobody listens on.
func freePorts(t *testing.T, n int) (ports []string) {
	t.Helper()
	for range n {
		ports = append(ports, fmt.Sprintf("127.0.0.1:%d", freePort()))
	}
	return ports
}

// awaitListener waits until somebody listens.
func awaitListener(t *testing.T, address string) {
	t.Helper()
	await(t, "a listener on "+address, func() bool {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		c.Close()
		return true
	})
}

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// number is what the records of this test carry.
type number struct {
	Name    string
	From    string // the machine
	N       int
	Msg     string
	Dropped json.RawMessage
}

// publishNumbers publishes records that count, from a machine, until the test
// ends, by a socket that is never told to come back.
func publishNumbers(t *testing.T, publish, from string, first int) {
	t.Helper()
	publishNumbersEvery(t, 5*time.Millisecond, publish, from, first)
}

func publishNumbersEvery(t *testing.T, every time.Duration, publish, from string, first int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	pub := zmq4.NewPub(ctx)
	if err := pub.Dial("tcp://" + publish); err != nil {
		cancel()
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for n := first; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			record := fmt.Sprintf(`{"v":0,"name":"app","hostname":%q,"pid":1,"level":30,"time":%q,"msg":"","from":%[1]q,"n":%[3]d}`,
				from, time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), n)
			_ = pub.SendMulti(zmq4.NewMsgFrom([]byte("system"), []byte(record)))
		}
	})
	t.Cleanup(func() {
		cancel()
		pub.Close()
		running.Wait()
	})
}

// reader collects what a client got, and holds its order.
type reader struct {
	mu      sync.Mutex
	first   map[string]int // oldest n by machine
	last    map[string]int // newest n by machine
	count   map[string]int
	wrong   []string // what is missing or twice
	notices []string
}

func newReader() *reader {
	return &reader{first: map[string]int{}, last: map[string]int{}, count: map[string]int{}}
}

// lines reads records, one a line, until r ends.
func (rd *reader) lines(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var n number
		err := json.Unmarshal(lines.Bytes(), &n)
		rd.mu.Lock()
		switch {
		case err != nil:
			rd.wrong = append(rd.wrong, fmt.Sprintf("%v: %q", err, lines.Bytes()))
		case n.Name == "sluice":
			rd.notices = append(rd.notices, n.Msg)
		default:
			last, ok := rd.last[n.From]
			anew := last < restarted && n.N >= restarted // a socket drops what it is given before it is connected
			if ok && n.N != last+1 && !anew {
				rd.wrong = append(rd.wrong, fmt.Sprintf("%s: %d after %d", n.From, n.N, last))
			}
			if rd.count[n.From] == 0 {
				rd.first[n.From] = n.N
			}
			rd.last[n.From] = n.N
			rd.count[n.From]++
		}
		rd.mu.Unlock()
	}
}

// said reads notices, one a line, until r ends.
func (rd *reader) said(r io.Reader) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		rd.mu.Lock()
		rd.notices = append(rd.notices, lines.Text())
		rd.mu.Unlock()
	}
}

// tail reads what a sluice tail prints, until the test ends.
func (rd *reader) tail(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("sluice", append([]string{"tail", "--plain", "--output", "raw"}, args...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	go rd.lines(stdout)
	go rd.said(stderr)
}

func (rd *reader) counted(from string) int {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	return rd.count[from]
}

func (rd *reader) newest(from string) int {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	return rd.last[from]
}

// heard reports whether a notice has this text.
func (rd *reader) heard(text string) bool {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	for _, n := range rd.notices {
		if strings.Contains(n, text) {
			return true
		}
	}
	return false
}

// restarted is the number from which a machine counts after its restart.
const restarted = 1_000_000

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
			await(t, who+": records of "+name, func() bool { return rd.counted(name) >= 50 })
		}
	}

	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	for who, rd := range readers {
		for _, name := range []string{"vm-1", "vm-3"} {
			before := rd.counted(name)
			await(t, who+": records of "+name+" after the kill", func() bool { return rd.counted(name) >= before+100 })
		}
	}

	consolidator(1)
	awaitListener(t, ports[2])
	awaitListener(t, ports[3])
	back := time.Now()
	publishNumbers(t, ports[2], "vm-2", restarted)
	for who, rd := range readers {
		await(t, who+": records of vm-2 after its restart", func() bool { return rd.newest("vm-2") > restarted })
		t.Logf("%s: the records of vm-2 took %v to come back", who, time.Since(back).Round(time.Millisecond))
	}
	await(t, "sluice to tell the gap", func() bool { return client.heard("an unknown number of records of system lost") })
	await(t, "curl to be told the gap", func() bool { return curl.heard("an unknown number of records dropped") })
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
		await(t, "records", func() bool { return client.counted("vm-1") >= had+50 })
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
		await(t, "records after the proxy's restart", func() bool { return client.counted("vm-1") >= had+50 })
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
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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

// Servers that are told to end do so with 0, while records run through them.
func TestServersEnd(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 3)
	c := start(t, "consolidator", "--name", "vm-1", "--publish", "tcp://"+ports[0], "--subscribe", "tcp://"+ports[1])
	p := start(t, "proxy", "--listen", ports[2], "--consolidator", "tcp://"+ports[1])
	for _, port := range ports {
		awaitListener(t, port)
	}
	publishNumbers(t, ports[0], "vm-1", 0)
	resp, err := http.Get("http://" + ports[2] + "/api/logs/system")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	curl := newReader()
	ended := make(chan struct{})
	go func() { defer close(ended); curl.lines(resp.Body) }()
	await(t, "records", func() bool { return curl.counted("vm-1") > 10 })
	for _, server := range []*exec.Cmd{p, c} {
		if err := server.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := server.Wait(); err != nil {
			t.Errorf("%q after SIGTERM: %v", server.Args, err)
		}
	}
	<-ended // the response came to its end
	if len(curl.wrong) > 0 {
		t.Error(curl.wrong)
	}
}
