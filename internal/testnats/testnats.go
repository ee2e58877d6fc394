// Package testnats runs clusters of real NATS servers for tests, each server in a process
// of its own, which is killed, cut off, and started again with its folder or without.
package testnats

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sluice/internal/relay"
	"sluice/internal/wait"
)

// processFor is the variable that has a test's program be a server: its name, its
// folder, its ports for clients, for monitoring and for servers, and the routes to the others.
const processFor = "SLUICE_TEST_NATS"

func init() {
	if text := os.Getenv(processFor); text != "" {
		if err := serve(strings.Fields(text)); err != nil {
			fmt.Fprintln(os.Stderr, "nats:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// serve is a server, until its process is killed.
func serve(args []string) error {
	var clients, monitoring, routes int
	if _, err := fmt.Sscan(strings.Join(args[2:5], " "), &clients, &monitoring, &routes); err != nil {
		return err
	}
	opts := &server.Options{
		ServerName: args[0], Host: "127.0.0.1", Port: clients, HTTPHost: "127.0.0.1", HTTPPort: monitoring, JetStream: true, StoreDir: args[1],
		JetStreamMaxStore: 1 << 30, JetStreamMaxMemory: 64 << 20, PingInterval: time.Second, MaxPingsOut: 2, NoSigs: true,
		Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: routes, NoAdvertise: true, PoolSize: -1, PingInterval: time.Second, MaxPingsOut: 2},
	}
	for _, r := range args[5:] {
		u, err := url.Parse(r)
		if err != nil {
			return err
		}
		opts.Routes = append(opts.Routes, u)
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return err
	}
	s.Start()
	s.WaitForShutdown()
	return nil
}

// Cluster is servers that know each other. Its methods belong to the test's own goroutine.
type Cluster struct {
	t       testing.TB
	servers []*one
	between map[[2]int]*relay.Relay // from one server to another
	cut     map[int]bool
}

type one struct {
	name                        string
	folder                      string
	clients, monitoring, routes string // addresses
	cmd                         *exec.Cmd
	runs                        bool
}

// New runs so many servers until the test ends.
func New(t testing.TB, n int) *Cluster {
	t.Helper()
	c := &Cluster{t: t, between: make(map[[2]int]*relay.Relay), cut: make(map[int]bool)}
	for i := range n {
		c.servers = append(c.servers, &one{
			name: fmt.Sprintf("nats-%d", i), folder: filepath.Join(t.TempDir(), "store"), clients: free(t), monitoring: free(t), routes: free(t),
		})
	}
	for i := range n {
		for j := range n {
			if i != j {
				c.between[[2]int{i, j}] = relay.New(t, c.servers[j].routes)
			}
		}
	}
	for i := range n {
		c.Start(i)
	}
	c.ready()
	return c
}

// ready waits until the servers have agreed on who leads.
func (c *Cluster) ready() {
	c.t.Helper()
	conn, err := nats.Connect(c.URLs())
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		c.t.Fatal(err)
	}
	wait.For(c.t, "the servers to agree", func() bool {
		_, err := js.AccountInfo(c.t.Context())
		return err == nil
	})
}

func free(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// URLs are those of all servers, with commas between them.
func (c *Cluster) URLs() string {
	var all []string
	for i := range c.servers {
		all = append(all, c.URL(i))
	}
	return strings.Join(all, ",")
}

// URL is that of a server.
func (c *Cluster) URL(i int) string { return "nats://" + c.servers[i].clients }

// Index is that of the server of a name.
func (c *Cluster) Index(name string) int {
	for i, s := range c.servers {
		if s.name == name {
			return i
		}
	}
	return -1
}

// Start starts a server that does not run, with what is in its folder.
func (c *Cluster) Start(i int) {
	c.t.Helper()
	s := c.servers[i]
	_, clients, _ := net.SplitHostPort(s.clients)
	_, monitoring, _ := net.SplitHostPort(s.monitoring)
	_, routes, _ := net.SplitHostPort(s.routes)
	args := []string{s.name, s.folder, clients, monitoring, routes}
	for j := range c.servers {
		at := s.routes // it counts itself, too
		if r := c.between[[2]int{i, j}]; r != nil {
			at = r.Addr()
		}
		args = append(args, "nats://"+at)
	}
	s.cmd = exec.Command(os.Args[0])
	s.cmd.Env = append(os.Environ(), processFor+"="+strings.Join(args, " "))
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	s.runs = true
	cmd := s.cmd
	c.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	wait.For(c.t, s.name+" to listen", func() bool {
		conn, err := net.Dial("tcp", s.clients)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// Kill ends a server as kill -9 does.
func (c *Cluster) Kill(i int) {
	c.t.Helper()
	if err := c.servers[i].cmd.Process.Kill(); err != nil {
		c.t.Fatal(err)
	}
	_ = c.servers[i].cmd.Wait()
	c.servers[i].runs = false
}

// Empty removes all that a server has that was killed.
func (c *Cluster) Empty(i int) {
	c.t.Helper()
	if err := os.RemoveAll(c.servers[i].folder); err != nil {
		c.t.Fatal(err)
	}
}

// Cut cuts a server off from the others, silently, or joins it to them again.
func (c *Cluster) Cut(i int, yes bool) {
	c.cut[i] = yes
	for pair, r := range c.between {
		r.Hold(c.cut[pair[0]] || c.cut[pair[1]])
	}
}
