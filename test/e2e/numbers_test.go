package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

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
