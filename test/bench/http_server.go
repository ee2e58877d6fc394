package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sluice/cluster/zmtp"
)

// goSettles is after which time a program in Go has given back memory that it does not
// need: the peers are given it as well.
const goSettles = 25 * time.Second

// httpServer is a running server of events: Sluice's proxy, or a peer.
type httpServer struct {
	name    string
	address string
	pids    []int // whose CPU counts
	path    func(stream string) string
	send    func(batch []posted) error // publishes
	tls     *tls.Config                // nil without TLS
	headers []string                   // of each request
	settle  time.Duration              // after which it has let go of what it does not need
	stops   []func()
}

// posted is one record, and its stream.
type posted struct {
	stream string
	record []byte
}

func (s *httpServer) stop() {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i]()
	}
}

// cpu is what the server has used so far.
func (s *httpServer) cpu() (sum time.Duration, err error) {
	for _, pid := range s.pids {
		t, err := cpuTime(pid)
		if err != nil {
			return 0, err
		}
		sum += t
	}
	return sum, nil
}

func (s *httpServer) memory() (sum float64, err error) {
	for _, pid := range s.pids {
		m, err := statusBytes(pid, "VmRSS")
		if err != nil {
			return 0, err
		}
		sum += m
	}
	return sum, nil
}

// httpServers are what is measured, by name.
var httpServers = map[string]func(o options, dir string) (*httpServer, error){
	"sluice": startSluice,
	"secure": startSecure,
	"nchan":  startNchan,
	"hub":    func(options, string) (*httpServer, error) { return startSelf("hub") },
	"r3labs": func(options, string) (*httpServer, error) { return startSelf("r3labs") },
}

func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// startSluice starts a consolidator, whose CPU does not count, and a proxy.
func startSluice(o options, _ string) (*httpServer, error) {
	c, err := startClientCluster(o.sluice)
	if err != nil {
		return nil, err
	}
	s := &httpServer{name: "sluice", settle: goSettles, stops: []func(){c.stop}}
	url, pid, err := c.proxy(o.proxyFlags...)
	if err != nil {
		return s, err
	}
	s.address, s.pids = strings.TrimPrefix(url, "http://"), []int{pid}
	s.path = func(stream string) string { return "/api/logs/" + stream }
	pub, err := dial(c.pub, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true})
	if err != nil {
		return s, err
	}
	s.stops = append(s.stops, func() { _ = pub.Close() })
	var out []byte
	s.send = func(batch []posted) error {
		out = out[:0]
		for _, p := range batch {
			out = zmtp.AppendMessage(out, p.stream, p.record)
		}
		_, err := pub.Write(out)
		return err
	}
	return s, nil
}

// nchanConfig is nginx with nchan as its documentation sets it up.
const nchanConfig = `
%s
daemon off; worker_processes 1; worker_rlimit_nofile 30000; error_log %s/error.log; pid %s/pid;
events { worker_connections 25000; }
http {
  access_log off; client_body_temp_path %[2]s/body; proxy_temp_path %[2]s/proxy; fastcgi_temp_path %[2]s/f; uwsgi_temp_path %[2]s/u; scgi_temp_path %[2]s/s;
  nchan_shared_memory_size 256M;
  server {
    listen %[4]s backlog=4096;
    location ~ ^/pub/(.+)$ { nchan_publisher; nchan_channel_id $1; nchan_message_buffer_length 1000; }
    location ~ ^/sub/(.+)$ { nchan_subscriber eventsource; nchan_channel_id $1; nchan_subscriber_first_message newest; }
  }
}
`

func startNchan(_ options, dir string) (*httpServer, error) {
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx"
	}
	const module = "/usr/lib/nginx/modules/ngx_nchan_module.so"
	if _, err := os.Stat(module); err != nil {
		return nil, fmt.Errorf("nchan is not installed (apt-get install nginx-light libnginx-mod-nchan): %w", err)
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(nchanConfig, "load_module "+module+";", dir, dir, address)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	s := &httpServer{name: "nchan", address: address, path: func(stream string) string { return "/sub/" + stream }}
	pid, stop, err := startProcess(path, "-p", dir, "-c", conf)
	if err != nil {
		return nil, err
	}
	s.stops = append(s.stops, stop)
	post, closePost, err := poster(address)
	if err != nil {
		return s, err
	}
	s.stops = append(s.stops, closePost)
	s.send = func(batch []posted) error {
		for _, p := range batch {
			if err := post("/pub/"+p.stream, p.record); err != nil {
				return err
			}
		}
		return nil
	}
	// The worker is there once it answers.
	if err := s.send([]posted{{"warm-up", []byte("{}")}}); err != nil {
		return s, err
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return s, err
	}
	for _, child := range append(strings.Fields(string(children)), strconv.Itoa(pid)) {
		n, err := strconv.Atoi(child)
		if err != nil {
			return s, err
		}
		s.pids = append(s.pids, n)
	}
	if len(s.pids) < 2 {
		return s, errors.New("nginx has no worker")
	}
	return s, nil
}

// startSelf starts one of the peers in peer_hub.go and peer_r3labs.go.
func startSelf(name string) (*httpServer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	pid, stop, err := startProcess(self, "peer", name, address)
	if err != nil {
		return nil, err
	}
	s := &httpServer{name: name, address: address, pids: []int{pid}, settle: goSettles, stops: []func(){stop}}
	s.path = func(stream string) string { return "/events?stream=" + stream }
	post, closePost, err := poster(address)
	if err != nil {
		return s, err
	}
	s.stops = append(s.stops, closePost)
	var out []byte
	s.send = func(batch []posted) error { // one request for all, each in a line behind its stream
		out = out[:0]
		for _, p := range batch {
			out = append(append(append(append(out, p.stream...), ' '), p.record...), '\n')
		}
		return post("/publish", out)
	}
	return s, nil
}

func startProcess(name string, args ...string) (pid int, stop func(), err error) {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return 0, nil, err
	}
	return cmd.Process.Pid, func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(3*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_ = cmd.Wait()
	}, nil
}

// dialHTTP connects, and tries again while the server is starting.
func dialHTTP(address string) (nc net.Conn, err error) {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if nc, err = net.Dial("tcp", address); err == nil {
			return nc, nil
		}
	}
	return nil, err
}

// poster returns a function that posts over one connection.
func poster(address string) (post func(path string, body []byte) error, stop func(), err error) {
	nc, err := dialHTTP(address)
	if err != nil {
		return nil, nil, err
	}
	in := bufio.NewReader(nc)
	var out []byte
	return func(path string, body []byte) error {
		out = fmt.Appendf(out[:0], "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n\r\n", path, len(body))
		if _, err := nc.Write(append(out, body...)); err != nil {
			return err
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return err
		}
		if resp.StatusCode >= 300 {
			return errors.New("publish: " + resp.Status)
		}
		return nil
	}, func() { _ = nc.Close() }, nil
}

// peer runs one of the servers of Go.
func peer(name, address string) error {
	handlers := map[string]func() http.Handler{"hub": newHub, "r3labs": newR3labs}
	make, ok := handlers[name]
	if !ok {
		return fmt.Errorf("no peer %q", name)
	}
	server := &http.Server{Addr: address, Handler: make(), BaseContext: func(net.Listener) context.Context { return context.Background() }}
	return server.ListenAndServe()
}
