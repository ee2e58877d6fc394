// Package testetcd runs real etcd servers for tests, each in a folder of its own, and
// kills and stops them.
package testetcd

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/internal/foreign"
	"sluice/internal/wait"
)

// Config is how a server is run.
type Config struct {
	// CertFile, KeyFile and CAFile have it serve with TLS, to those who have a
	// certificate that CAFile's has signed. All, or none.
	CertFile, KeyFile, CAFile string
	Args                      []string // further ones
}

// Server is one server. Its methods belong to the test's own goroutine.
type Server struct {
	URL string

	t      testing.TB
	cfg    Config
	name   string
	peer   string // URL
	all    string // --initial-cluster
	folder string
	lives  int // data folders that it has had
	cmd    *exec.Cmd
	exited chan struct{} // closed when cmd has
	output bytes.Buffer
}

// Start runs a server until the test ends. It skips the test where there is no etcd.
func Start(t testing.TB, cfg Config) *Server {
	t.Helper()
	foreign.Need(t, "etcd-server")
	for range attempts {
		s := newServer(t, "one", cfg)
		s.all = s.name + "=" + s.peer
		s.Run()
		if s.answers() {
			return s
		}
		s.Kill()
		t.Logf("etcd did not begin:\n%s", s.output.String())
	}
	t.Fatal("etcd does not begin")
	return nil
}

// attempts is how often a server is begun, since somebody may take its ports meanwhile.
const attempts = 5

// Three runs three servers that are one cluster.
func Three(t testing.TB) []*Server {
	t.Helper()
	foreign.Need(t, "etcd-server")
	for range attempts {
		var all []*Server
		var members []string
		for _, name := range []string{"one", "two", "three"} {
			s := newServer(t, name, Config{})
			all, members = append(all, s), append(members, s.name+"="+s.peer)
		}
		for _, s := range all {
			s.all = strings.Join(members, ",")
			s.Run()
		}
		answer := true
		for _, s := range all {
			answer = answer && s.answers()
		}
		if answer {
			return all
		}
		for _, s := range all {
			s.Kill()
		}
	}
	t.Fatal("three etcds do not begin")
	return nil
}

func newServer(t testing.TB, name string, cfg Config) *Server {
	scheme := "http"
	if cfg.CertFile != "" {
		scheme = "https"
	}
	return &Server{
		URL: scheme + "://" + free(t), t: t, cfg: cfg, name: fmt.Sprintf("%s-%016x", name, rand.Uint64()), peer: "http://" + free(t), folder: t.TempDir(),
	}
}

// free is an address that was free a moment ago, and that no connection is given by the
// system, as those are that are asked for with port 0.
func free(t testing.TB) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 15000+rand.N(17000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// Run begins to run the server, with what it has on its disk.
func (s *Server) Run() {
	s.t.Helper()
	args := []string{
		"--name", s.name, "--data-dir", filepath.Join(s.folder, fmt.Sprint(s.lives)),
		"--listen-client-urls", s.URL, "--advertise-client-urls", s.URL,
		"--listen-peer-urls", s.peer, "--initial-advertise-peer-urls", s.peer, "--initial-cluster", s.all,
	}
	if s.cfg.CertFile != "" {
		args = append(args, "--cert-file", s.cfg.CertFile, "--key-file", s.cfg.KeyFile, "--trusted-ca-file", s.cfg.CAFile, "--client-cert-auth")
	}
	s.cmd = exec.Command("etcd", append(args, s.cfg.Args...)...)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd, exited := s.cmd, make(chan struct{})
	s.exited = exited
	go func() {
		defer close(exited)
		_ = cmd.Wait()
	}()
	s.t.Cleanup(func() {
		if s.cmd == cmd {
			s.Kill()
		}
	})
}

// Ready waits until the server answers.
func (s *Server) Ready() {
	s.t.Helper()
	if !s.answers() {
		s.Kill()
		s.t.Fatalf("etcd does not answer at %s:\n%s", s.URL, s.output.String())
	}
}

// answers waits until the server answers, or ends, or has had its time.
func (s *Server) answers() (yes bool) {
	s.t.Helper()
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	if s.cfg.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(s.cfg.CertFile, s.cfg.KeyFile)
		if err != nil {
			s.t.Fatal(err)
		}
		client.Transport = &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}},
		}
	}
	wait.Until(func() bool {
		select {
		case <-s.exited:
			return true
		default:
		}
		// To its peers it says who it is: no other has taken its ports.
		yes = says(&client, s.peer+"/members", s.name) && says(&client, s.URL+"/health", "true")
		return yes
	})
	return yes
}

// says reports whether an answer has a text in it.
func says(client *http.Client, url, text string) bool {
	answer, err := client.Get(url)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(answer.Body)
	return strings.Contains(string(said), text)
}

// Kill ends the server at once.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
	s.cmd = nil
}

// Restart kills the server, and runs it again with what it has on its disk.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	s.Run()
	s.Ready()
}

// RestartEmpty kills the server, and runs another one in its place that knows nothing.
func (s *Server) RestartEmpty() {
	s.t.Helper()
	s.Kill()
	s.lives++
	s.Run()
	s.Ready()
}

// Stop stops the process, as a machine that hangs does; Continue lets it go on.
func (s *Server) Stop() { s.signal(syscall.SIGSTOP) }

// Continue lets a stopped process go on.
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}
