package e2e_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"sluice/internal/wait"
)

// A recording that is killed at any moment leaves whole lines up to the end of
// what it had written, also for the tools that everybody has; its file does not
// get its name.
func TestRecordKilled(t *testing.T) {
	t.Parallel()
	publish, subscribe := pump(t)
	publishMany(t, publish, "tenant/acme")
	for _, ending := range []string{".ndjson", ".ndjson.gz", ".ndjson.zst"} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprint(ending, seed), func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(seed, uint64(len(ending))))
				out := filepath.Join(t.TempDir(), "out"+ending)
				args := []string{"record", "tenant/acme", "--consolidator", subscribe, "--out", out, "--summary", "none"}
				if seed%2 == 0 {
					args = append(args, "--fsync", "always")
				}
				cmd := exec.Command("sluice", args...)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
				before, enough := 0, 1+rng.IntN(20_000)
				wait.For(t, "some records", func() bool {
					before = len(readable(t, out+".part"))
					return before >= enough
				})
				time.Sleep(time.Duration(rng.IntN(50)) * time.Millisecond) // any moment
				_ = cmd.Process.Kill()
				_ = cmd.Wait()

				lines := readable(t, out+".part")
				if len(lines) < before {
					t.Errorf("%d lines can be read, and %d could before the kill", len(lines), before)
				}
				var first struct{ N int }
				if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
					t.Fatal(err)
				}
				for i, line := range lines {
					var l struct{ N int }
					if err := json.Unmarshal([]byte(line), &l); err != nil || l.N != first.N+i {
						t.Fatalf("line %d is %q, want number %d", i, line, first.N+i)
					}
				}
				if _, err := os.Stat(out); err == nil {
					t.Errorf("%s has its name", out)
				}
				checkTool(t, out+".part", lines)
			})
		}
	}
}
