package collector_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/headless/collector"
	"sluice/headless/shipper"
	"sluice/internal/smalldisk"
)

// While the disk of the state file is full, what is collected is published as ever, and
// that it will be published again is told once. With room the places are saved, without
// another line: nobody publishes one twice who starts after that, even after a kill.
func TestStateOnAFullDisk(t *testing.T) {
	t.Parallel()
	to, _ := pump(t)
	d := smalldisk.New(t, 256)
	dir := t.TempDir()
	file := dir + "/app.log"
	cfg := collector.Config{Files: files(t, dir+"/{app}.log=system/{app}"), Format: shipper.Auto, State: filepath.Join(d.Dir, "state")}
	d.Fill(t)
	put(t, file, `{"msg":"one"}`)
	r := collect(t, to, cfg)
	r.acknowledged(1)
	r.said("no space left on device: make room; lines may be published again")
	put(t, file, `{"msg":"two"}`)
	r.acknowledged(2)
	d.Free(t)
	r.said("is saved again")
	if n := strings.Count(r.words(), "no space left"); n != 1 {
		t.Errorf("it says %d times that there is no room:\n%s", n, r.words())
	}
	killed, err := os.ReadFile(cfg.State) // what a kill would leave now
	if err != nil {
		t.Fatal(err)
	}
	put(t, file, `{"msg":"three"}`)
	r.acknowledged(3)
	d.Fill(t)
	if _, err := r.stop(); err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("it ended with %v, and its places are not saved", err)
	}
	d.Free(t)
	if err := os.WriteFile(cfg.State, killed, 0o600); err != nil {
		t.Fatal(err)
	}
	r = collect(t, to, cfg)
	r.acknowledged(1)
	if s := r.end(); s.Records != 1 {
		t.Errorf("another run publishes %d records, want the last one; it says:\n%s", s.Records, r.words())
	}
}
