package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The tests run the real binary, with the race detector when they have it.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "sluice")
	args := []string{"build", "-o", binary}
	if raceBuild {
		args = append(args, "-race")
	}
	code := 1
	if out, err := exec.Command("go", append(args, "sluice")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build sluice: %v\n%s", err, out)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// A short soak: two phases for each of three seeds.
func TestSoak(t *testing.T) {
	t.Cleanup(func() {
		// go-zeromq leaves it behind when a socket is closed.
		goleak.VerifyNone(t, goleak.IgnoreAnyFunction("github.com/go-zeromq/zmq4.(*pubMWriter).run"))
	})
	if os.Getenv("SLUICE_CI") != "" && !hasLibzmq() {
		t.Error("python3-zmq is not installed")
	}
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed+1), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			o := options{
				sluice: binary, seed: seed + 1, phase: time.Second, phases: 2, flood: 1500, race: raceBuild,
				until: time.Now().Add(time.Hour), // it is the phases that end it
			}
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
		})
	}
}
