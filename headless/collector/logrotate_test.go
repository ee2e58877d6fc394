package collector_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/headless/collector"
	"sluice/headless/shipper"
	"sluice/internal/foreign"
	"sluice/internal/wait"
)

// logWriter writes numbered lines to a file that it keeps open, as services do.
type logWriter struct {
	t    testing.TB
	path string
	file *os.File
	n    int
}

// open opens the file, as a service does when it is told that it was rotated.
func (w *logWriter) open() {
	w.t.Helper()
	if w.file != nil {
		w.file.Close()
	}
	var err error
	if w.file, err = os.OpenFile(w.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *logWriter) write(lines int) {
	w.t.Helper()
	for range lines {
		if _, err := fmt.Fprintf(w.file, "{\"msg\":\"line %d\"}\n", w.n); err != nil {
			w.t.Fatal(err)
		}
		w.n++
	}
}

// Rotated by the real logrotate, in each of its ways, every line arrives once, also
// those that are written to the old file after it was rotated, and those that come
// while nobody collects.
func TestLogrotate(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "logrotate", "gzip")
	for name, way := range map[string]struct {
		directives string
		copies     bool // the file is truncated: what was not read before is gone
		removes    bool // the file is gone two rotations later: what was not open before is, too
	}{
		"create":        {directives: "create 600"},
		"nocreate":      {directives: "nocreate"},
		"compress":      {directives: "create 600\ncompress\ndelaycompress", removes: true},
		"dateext":       {directives: "create 600\ndateext\ndateformat -%Y%m%d.ROTATION"},
		"copytruncate":  {directives: "copytruncate", copies: true},
		"copy compress": {directives: "copytruncate\ncompress", copies: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to, at := pump(t)
			dir := t.TempDir()
			conf := filepath.Join(dir, "logrotate.conf")
			w := &logWriter{t: t, path: filepath.Join(dir, "logs", "app.log")}
			if err := os.Mkdir(filepath.Join(dir, "logs"), 0o700); err != nil {
				t.Fatal(err)
			}
			w.open()
			defer func() { w.file.Close() }()
			rotations := 0
			rotate := func() {
				t.Helper()
				rotations++
				directives := strings.ReplaceAll(way.directives, "ROTATION", strconv.Itoa(rotations))
				text := fmt.Sprintf("%s {\n%s\nrotate 9\nmissingok\n}\n", w.path, directives)
				if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				out, err := exec.Command("/usr/sbin/logrotate", "--force", "--state", filepath.Join(dir, "rotated"), conf).CombinedOutput()
				if err != nil {
					t.Fatalf("logrotate: %v: %s", err, out)
				}
			}
			cfg := collector.Config{Files: files(t, dir+"/logs/{app}.log=system/{app}"), Format: shipper.Auto, State: filepath.Join(dir, "state")}
			r := collect(t, to, cfg)
			wait.For(t, "the file is open", func() bool { return collector.Standing(r.Collector).Open == 1 }) // what is rotated before is nobody's
			for range 3 {
				w.write(50)
				if way.copies {
					r.acknowledged(w.n + rotations)
				}
				rotate()
				if !way.copies {
					w.write(10) // it has the old file open still
					w.open()
				}
				w.write(20)
				if way.removes {
					r.acknowledged(w.n)
				}
			}
			told := 0
			if way.copies {
				told = rotations // that there was a truncation
			}
			r.acknowledged(w.n + told)
			r.end()

			before := w.n
			if !way.copies {
				w.write(30) // while nobody collects
				rotate()
				w.open()
			}
			w.write(10)
			r = collect(t, to, cfg)
			r.acknowledged(w.n - before)
			r.end()
			var want, got []string
			for i := range w.n {
				want = append(want, fmt.Sprint("line ", i))
			}
			for _, text := range messages(t, at, "system/app", w.n+told) {
				if !strings.Contains(text, "was truncated: beginning again") {
					got = append(got, text)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("of %d lines %d arrived: %q", w.n, len(got), got)
			}
		})
	}
}
