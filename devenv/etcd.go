package devenv

import (
	"bytes"
	"context"
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
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
)

const (
	etcdPort  = 2379
	etcdStart = 20 * time.Second // within which it has to answer
	etcdEnd   = 3 * time.Second  // within which it has to end when it is asked to
)

// etcdServer is the etcd of the PATH, in a temporary folder.
type etcdServer struct {
	cluster *etcd.Cluster
	finder  discovery.Finder
	url     string
	name    string // no other etcd has it
	folder  string
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process has
	log     *slog.Logger
}

// startEtcd runs etcd, and waits until it answers. Somebody may take a port between its
// choice and its use, so that it is tried again with others.
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
	s.cmd = exec.Command(
		program, "--name", s.name, "--data-dir", filepath.Join(s.folder, "data"),
		"--listen-client-urls", s.url, "--advertise-client-urls", s.url,
		"--listen-peer-urls", "http://"+peer, "--initial-advertise-peer-urls", "http://"+peer, "--initial-cluster", s.name+"=http://"+peer,
	)
	said := &lastOutput{}
	s.cmd.Stdout, s.cmd.Stderr = said, said
	s.cmd.SysProcAttr = child()
	started := make(chan error)
	s.ended = make(chan struct{})
	go func() {
		defer close(s.ended)
		runtime.LockOSThread() // when the thread ends that has started it, Linux takes us for dead
		err := s.cmd.Start()
		if started <- err; err == nil {
			_ = s.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		os.RemoveAll(s.folder)
		return nil, err
	}
	if err := s.ready(peer); err != nil {
		s.stop()
		return nil, fmt.Errorf("%w; it said last: %s", err, said)
	}
	if s.cluster, err = etcd.New(etcd.Config{Endpoints: []string{s.url}, Logger: log}); err != nil {
		s.stop()
		return nil, err
	}
	s.finder = discovery.Shared(s.cluster)
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
func (s *etcdServer) ready(peer string) error {
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
		case <-s.ended:
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
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(etcdEnd):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
	if err := os.RemoveAll(s.folder); err != nil {
		s.log.Warn("the folder of etcd is left", "error", err)
	}
}

// watch says when etcd ends by itself: all goes on with the consolidators that are known.
func (s *etcdServer) watch(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-s.ended:
		s.log.Warn("etcd has ended: what is known of consolidators stays", "etcd", s.url)
		<-ctx.Done()
	}
	return nil
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
