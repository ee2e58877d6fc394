package archive_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"sluice/archive/engine"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/wait"
)

// serves runs a NATS server that takes messages of so many bytes, on a port of its own or
// that of another one before it.
func serves(t *testing.T, dir string, port int, most int32) (s *server.Server, end func()) {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, MaxPayload: most, NoSigs: true, NoLog: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	end = func() {
		s.Shutdown()
		s.WaitForShutdown()
	}
	t.Cleanup(end)
	if !s.ReadyForConnections(wait.Limit) {
		t.Fatal("the server does not begin")
	}
	return s, end
}

// Where NATS takes less than a batch, as after a change of its settings, that is divided; a record that is larger is lost, and
// told to be.
func TestLargerThanNATSTakes(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	rng := rand.New(rand.NewPCG(1, 1))
	publish := func(n, size int) {
		hex := make([]byte, 0, size)
		for len(hex) < size {
			hex = fmt.Appendf(hex, "%016x", rng.Uint64())
		}
		if _, err := p.conn.Write(zmtp.AppendMessage(nil, "s", fmt.Appendf(nil, `{"i":%d,"x":"%s"}`, n, hex))); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 100 {
		size := 500
		if n == 40 {
			size = 20_000
		}
		publish(n, size)
	}
	accepted(t, c, "s", 100)
	dir := t.TempDir()
	large, end := serves(t, dir, server.RANDOM_PORT, 1<<20)
	e, err := engine.Open(t.Context(), engine.Config{Connect: engine.DialConfig{URLs: []string{large.ClientURL()}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	port := large.Addr().(*net.TCPAddr).Port
	end()
	serves(t, dir, port, 4096)
	wait.For(t, "the archive to be there again", func() bool { return e.Err() == nil && e.Conn().MaxPayload() == 4096 })
	archives(t, e, c)
	k := keeps(t, e.Client, "vm-1 s", 100)["vm-1 s"]
	k.isNumbers(t, 0, 40, 41, 100)
	if len(k.gaps) != 1 || k.lost != 1 || k.gaps[0].Source != "vm-1" || k.gaps[0].Unknown {
		t.Errorf("the gaps are %+v", k.gaps)
	}
}
