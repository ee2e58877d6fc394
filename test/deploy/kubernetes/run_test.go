package kubernetes

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// limit is how long the test waits for anything.
const limit = time.Minute

// node is one node on which all containers run, as processes: with their arguments, the
// secrets that they mount, and other ports.
type node struct {
	t       *testing.T
	program string
	root    string
	ports   map[string]string // by those of the manifests
}

// All containers run as the manifests say. What an application prints comes out at the
// proxy, for whoever has a token of its tenant; and probes are answered, by whatever name
// the kubelet asks.
func TestContainersRunTogether(t *testing.T) {
	program := os.Getenv("SLUICE_PROGRAM")
	if program == "" {
		t.Skip("SLUICE_PROGRAM is not set: make check sets it")
	}
	n := &node{t, program, t.TempDir(), make(map[string]string)}
	n.makeSecrets()
	m := build(t)
	for _, p := range m.pods {
		for _, c := range p.template.Spec.Containers {
			n.run(p, c)
		}
	}
	for _, p := range m.pods {
		for _, c := range p.template.Spec.Containers {
			for _, probe := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
				if probe != nil {
					n.await("the probe "+probe.HTTPGet.Path+" of "+c.Name, func() bool {
						status, _ := n.get(p.port(probe.HTTPGet.Port), probe.HTTPGet.Path, "10.1.2.3", "")
						return status == http.StatusOK
					})
				}
			}
		}
	}
	n.print("web-7d9f8-x2x4z_acme_web-app", "ordered by acme")
	n.print("coredns-5d78c_kube-system_coredns", "resolved for all")
	tenant, system := n.token("--tenant=acme"), n.token("--system")
	n.read(tenant, "tenant/acme", "ordered by acme")
	n.read(system, "system/coredns", "resolved for all")
	for name, token := range map[string]string{"system/coredns": tenant, "tenant/acme": ""} {
		if status, body := n.get(5580, "/api/logs/"+name+"?last=1", "logs.example", token); status != http.StatusUnauthorized && status != http.StatusForbidden {
			t.Errorf("%s is answered by %d: %s", name, status, body)
		}
	}
}

// makeSecrets makes the secrets as docs/deployment.md does, each where its pods mount it.
func (n *node) makeSecrets() {
	text, err := os.ReadFile("../../../docs/deployment.md")
	if err != nil {
		n.t.Fatal(err)
	}
	work := filepath.Join(n.root, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		n.t.Fatal(err)
	}
	made := 0
	for _, line := range regexp.MustCompile(`(?m)^    (sluice keygen|head -c|kubectl -n sluice create secret) .*$`).FindAllString(string(text), -1) {
		if words := strings.Fields(line); words[0] != "kubectl" {
			if strings.Contains(line, "install ") {
				continue // of another section
			}
			cmd := exec.Command("sh", "-ec", `sluice() { "$SLUICE_PROGRAM" "$@"; }; `+line)
			cmd.Dir = work
			if out, err := cmd.CombinedOutput(); err != nil {
				n.t.Fatalf("%s: %v\n%s", line, err, out)
			}
		} else {
			made++
			for _, word := range words[7:] {
				file := strings.TrimPrefix(word, "--from-file=")
				key, from, named := strings.Cut(file, "=")
				if !named {
					from = key
				}
				content, err := os.ReadFile(filepath.Join(work, from))
				if err != nil {
					n.t.Fatal(err)
				}
				n.write(filepath.Join("secrets", words[6], key), string(content))
			}
		}
	}
	if made != 6 {
		n.t.Fatalf("docs/deployment.md makes %d secrets", made)
	}
}

func (n *node) write(name, content string) {
	n.t.Helper()
	path := filepath.Join(n.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		n.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// run runs a container until the test ends.
func (n *node) run(p pods, c corev1.Container) {
	n.t.Helper()
	var args []string
	for _, arg := range c.Args {
		arg = strings.ReplaceAll(arg, "$(NODE_NAME)", "vm-1")
		for _, mount := range c.VolumeMounts {
			if name, value, ok := strings.Cut(arg, "="+mount.MountPath+"/"); ok {
				arg = name + "=" + n.place(p, mount.Name) + "/" + value
			}
		}
		args = append(args, n.elsewhere(arg))
	}
	var log lockedText
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, n.program, args...)
	cmd.Stderr = &log
	cmd.Env = os.Environ()
	for _, env := range c.Env {
		if env.Value != "" {
			cmd.Env = append(cmd.Env, env.Name+"="+env.Value)
		}
	}
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		if n.t.Failed() {
			n.t.Logf("%q said:\n%s", args, log.String())
		}
	})
}

// place is where what a volume has is on this machine.
func (n *node) place(p pods, volume string) string {
	n.t.Helper()
	for _, v := range p.template.Spec.Volumes {
		switch {
		case v.Name != volume:
		case v.Secret != nil:
			return filepath.Join(n.root, "secrets", v.Secret.SecretName)
		case v.EmptyDir != nil:
			path := filepath.Join(n.root, "empty", p.name, volume)
			if err := os.MkdirAll(path, 0o755); err != nil {
				n.t.Fatal(err)
			}
			return path
		case v.HostPath != nil:
			path := filepath.Join(n.root, v.HostPath.Path)
			if err := os.MkdirAll(filepath.Join(path, "containers"), 0o755); err != nil {
				n.t.Fatal(err)
			}
			return path
		}
	}
	n.t.Fatalf("there is no volume %s", volume)
	return ""
}

// elsewhere is an argument with a free port of this machine for each port of the pods.
func (n *node) elsewhere(arg string) string {
	return regexp.MustCompile(`(\*|127\.0\.0\.1|sluice-consolidators):(\d+)$`).ReplaceAllStringFunc(arg, func(address string) string {
		host, port, _ := strings.Cut(address, ":")
		if host == "sluice-consolidators" {
			return "localhost:" + n.free(port)
		}
		return "127.0.0.1:" + n.free(port)
	})
}

func (n *node) free(port string) string {
	n.t.Helper()
	if n.ports[port] == "" {
		n.ports[port] = n.freePort()
	}
	return n.ports[port]
}

// freePort is one that nobody listens on, no container is to listen on, and the system
// gives to nobody who asks for any.
func (n *node) freePort() string {
	for {
		port := fmt.Sprint(10_000 + rand.IntN(20_000))
		if slices.Contains(slices.Collect(maps.Values(n.ports)), port) {
			continue
		}
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
}

// print has a container print a line, as containerd keeps it.
func (n *node) print(container, line string) {
	n.t.Helper()
	n.write("var/log/containers/"+container+"-"+strings.Repeat("0123456789abcdef", 4)+".log", "2026-03-01T12:00:00.5Z stdout F "+line+"\n")
}

func (n *node) token(opens string) string {
	n.t.Helper()
	out, err := exec.Command(n.program, "token", "--jwt-key", filepath.Join(n.root, "secrets/sluice-proxy-jwt/key"), opens).Output()
	if err != nil {
		n.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// read waits until a stream has a line.
func (n *node) read(token, stream, line string) {
	n.t.Helper()
	n.await(line, func() bool {
		status, body := n.get(5580, "/api/logs/"+stream+"?last=1", "logs.example", token)
		return status == http.StatusOK && strings.Contains(body, line)
	})
}

// get asks at a port of the manifests. Of a response that does not end it reads the first
// line.
func (n *node) get(port int, path, host, token string) (status int, body string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+n.free(fmt.Sprint(port))+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	request.Host = host
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	line := make([]byte, 64<<10)
	got, _ := response.Body.Read(line)
	return response.StatusCode, string(line[:got])
}

// await waits until something holds.
func (n *node) await(what string, holds func() bool) {
	n.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); !holds(); <-tick.C {
		if time.Now().After(end) {
			n.t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// lockedText is what a process writes.
type lockedText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
