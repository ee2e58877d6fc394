package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/cli"
	"sluice/internal/foreign"
	"sluice/internal/testdns"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// The binary that is run is the test's own, which is the command line when it is
// named sluice; so it runs with the race detector when the test does.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "sluice" {
		if address := os.Getenv(dnsVariable); address != "" {
			net.DefaultResolver = testdns.ResolverAt(address)
		}
		os.Exit(cli.Main(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// dnsVariable is where the binary asks for names, instead of where the system does.
const dnsVariable = "SLUICE_SOAK_DNS"

// binary is the path of the binary that is run.
func binary(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "sluice")
	if err := os.Symlink(self, binary); err != nil {
		t.Fatal(err)
	}
	return binary
}

// A short soak: two phases of one cluster. A longer one is part of make check.
func TestSoak(t *testing.T) {
	t.Cleanup(func() {
		// go-zeromq leaves it behind when a socket is closed.
		goleak.VerifyNone(t, goleak.IgnoreAnyFunction("github.com/go-zeromq/zmq4.(*pubMWriter).run"))
	})
	if _, err := foreign.Have("python3-zmq", t.Name()); err != nil { // it does without
		t.Error(err)
	}
	short(t, options{sluice: binary(t), seed: 1, phase: time.Second, phases: 2, flood: 1500, race: wait.Race})
}

// And with an archive, which is killed, too: what it keeps is what was published.
func TestSoakWithArchive(t *testing.T) {
	volume.Long(t)
	short(t, options{sluice: binary(t), seed: 1, phase: 2 * time.Second, phases: 3, flood: 1500, race: wait.Race, archive: true})
}

// And with all further faults.
func TestSoakWithAllFaults(t *testing.T) {
	volume.Check(t)
	foreign.Need(t, "etcd-server")
	short(t, options{
		sluice: binary(t), seed: 1, phase: 2 * time.Second, phases: 2, flood: 1500, race: wait.Race,
		hangs: true, partitions: true, etcd: true,
	})
}

// short lives through the phases of one seed.
func short(t *testing.T, o options) {
	t.Helper()
	o.until = time.Now().Add(time.Hour) // it is the phases that end it
	var out bytes.Buffer
	sum := newSummary(&out, o.race)
	if err := one(t.Context(), o, o.seed, sum); err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
	if sum.phases != o.phases {
		t.Errorf("%d phases, want %d", sum.phases, o.phases)
	}
	for _, kind := range []string{kindOracle, kindDirect, kindProxied, kindForeign, kindText, kindEvents} {
		if c := sum.kinds[kind]; c.records == 0 {
			t.Errorf("readers of kind %s got nothing", kind)
		}
	}
	t.Logf("\n%s%s", &out, sum)
}
