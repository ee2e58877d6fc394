package publish_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sluice/cluster/publish"
	"sluice/cluster/zmtp"
	"sluice/internal/foreign"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// A peer that acknowledges nothing is sent what it subscribes to, and nothing
// before.
func TestForeignPeer(t *testing.T) {
	p := testpeer.Listen(t)
	c := open(t, publish.Config{Endpoint: p.Endpoint()})
	p.Accept(testpeer.AsForeignSubscriber)
	for i := range 3 {
		put(t, c, "tenant/acme", number(i))
		put(t, c, "system", number(i))
	}
	wait.For(t, "the connection", func() bool { return c.Status().Connected })
	if s := c.Stats(); s.Waiting != 6 {
		t.Errorf("before a subscription: %+v", s)
	}
	p.Send(zmtp.AppendSubscription(nil, p.Conn.Peer.Version, "tenant/", false))
	for i := range 3 {
		if m, err := p.Message(); err != nil || m != "tenant/acme "+number(i) {
			t.Fatalf("got %q, %v", m, err)
		}
	}
	wait.For(t, "the counts", func() bool { return c.Stats().Waiting == 0 })
	p.Send(zmtp.AppendSubscription(nil, p.Conn.Peer.Version, "", false))
	p.Send(zmtp.AppendPing(nil, 0))
	if tok, err := p.Next(); err != nil || tok.Kind != zmtp.TokenCommand { // it has read the subscription
		t.Fatalf("%v %v", tok, err)
	}
	put(t, c, "system", "last")
	if m, err := p.Message(); err != nil || m != "system last" {
		t.Fatalf("got %q, %v", m, err)
	}
	p.Close()
	if s := finish(t, c); s.Unacknowledged != 4 || s.Refused != 3 || s.Acknowledged != 0 {
		t.Errorf("counts %+v", s)
	}
	if s := c.Status(); s.Acknowledges {
		t.Errorf("status %+v", s)
	}
}

// libzmq's own SUB socket, listening, gets everything that was published before
// Close.
func TestLibzmq(t *testing.T) {
	foreign.Need(t, "python3-zmq")
	const script = `
import sys, zmq
sub = zmq.Context().socket(zmq.SUB)
sub.rcvhwm = 0
sub.subscribe(b"")
print(sub.bind_to_random_port("tcp://127.0.0.1"), flush=True)
n = 0
while True:
    stream, record = sub.recv_multipart()
    assert (stream, record) == (b"system", b'{"n":%d}' % n), (stream, record)
    n += 1
    if n == 20000:
        break
print("all", flush=True)
`
	cmd := exec.Command(foreign.Python, "-c", script)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewReader(out)
	port, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, publish.Config{Endpoint: "tcp://127.0.0.1:" + strings.TrimSpace(port)})
	for i := range 20_000 {
		put(t, c, "system", number(i))
	}
	if s := finish(t, c); s.Unacknowledged != 20_000 {
		t.Errorf("counts %+v", s)
	}
	if said, err := lines.ReadString('\n'); err != nil || said != "all\n" {
		t.Errorf("libzmq says %q, %v", said, err)
	}
}
