package devenv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	etcdPort  = 2379
	etcdStart = 20 * time.Second // within which it has to answer
)

// etcdServer is the etcd of the PATH, in a temporary folder.
type etcdServer struct {
	*part
	url    string
	name   string // no other etcd has it
	folder string
	log    *slog.Logger
}

// startEtcd runs etcd, and waits until it answers. Somebody may take a port between its
// choice and its use, so that it is tried again with others. It comes back with what it
// has written.
func startEtcd(log *slog.Logger) (s *etcdServer, err error) {
	program, err := exec.LookPath("etcd")
	if err != nil {
		return nil, fmt.Errorf("%w: install it (Debian's package is etcd-server), or leave --etcd out", err)
	}
	for range 5 {
		if s, err = runEtcd(program, log); err == nil {
			return s, nil
		}
	}
	return nil, err
}

// runEtcd is startEtcd, once.
func runEtcd(program string, log *slog.Logger) (*etcdServer, error) {
	s := &etcdServer{log: log, name: fmt.Sprintf("devenv-%016x", rand.Uint64())}
	client, err := free(etcdPort)
	if err != nil {
		return nil, err
	}
	peer, err := free(etcdPort + 1)
	if err != nil {
		return nil, err
	}
	s.url = "http://" + client
	if s.folder, err = os.MkdirTemp("", "sluice-etcd-"); err != nil {
		return nil, err
	}
	s.part = &part{name: "etcd", start: func() (*process, error) {
		p, err := launch(exec.Command(
			program, "--name", s.name, "--data-dir", filepath.Join(s.folder, "data"),
			"--listen-client-urls", s.url, "--advertise-client-urls", s.url,
			"--listen-peer-urls", "http://"+peer, "--initial-advertise-peer-urls", "http://"+peer, "--initial-cluster", s.name+"=http://"+peer,
		), io.Discard)
		if err != nil {
			return nil, err
		}
		if err := s.ready(peer, p.ended); err != nil {
			p.end()
			return nil, fmt.Errorf("%w; it said last: %s", err, p.said)
		}
		return p, nil
	}}
	if err := s.mend(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// free is an address of this machine, with that port if it is free.
func free(port int) (string, error) {
	ln, err := net.Listen("tcp", address(port))
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// ready waits until etcd answers: to its peers, where it says who it is, since another
// one may have taken its ports, and to clients.
func (s *etcdServer) ready(peer string, ended <-chan struct{}) error {
	client := http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	says := func(url, text string) bool {
		answer, err := client.Get(url)
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		said, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
		return strings.Contains(string(said), text)
	}
	for until := time.Now().Add(etcdStart); time.Now().Before(until); {
		if says("http://"+peer+"/members", s.name) && says(s.url+"/health", "true") {
			return nil
		}
		select {
		case <-ended:
			return errors.New("etcd ended at once")
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("etcd does not answer at %s", s.url)
}

// stop ends etcd, and removes what it has written.
func (s *etcdServer) stop() {
	if s == nil {
		return
	}
	s.part.stop()
	if err := os.RemoveAll(s.folder); err != nil {
		s.log.Warn("the folder of etcd is left", "error", err)
	}
}

// lastOutput keeps the end of what a process says.
type lastOutput struct {
	mu   sync.Mutex
	text []byte
}

// Write keeps the last kilobyte.
func (l *lastOutput) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if n := len(l.text) - 1024; n > 0 {
		l.text = bytes.Clone(l.text[n:])
	}
	return len(p), nil
}

func (l *lastOutput) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(l.text)), "\n")
	return lines[len(lines)-1]
}
