package traces_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sluice/headless/shipper/traces"
)

func TestNothingIsAllocated(t *testing.T) {
	names, err := filepath.Glob("../testdata/traces/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
		var j traces.Joiner
		var first []byte
		if n := testing.AllocsPerRun(10, func() {
			for _, line := range lines {
				if j.Next(line, first) != traces.Begins {
					continue
				}
				if j.End(); len(line) > 0 {
					j.Begin(line, 0)
					first = line
				}
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// A joiner lets only so many lines wait, and after Settle the next one does not.
func TestWaiting(t *testing.T) {
	var j traces.Joiner
	if j.Next([]byte("x"), nil) != traces.Begins || j.Open() {
		t.Error("without a record a line does not begin one")
	}
	first := []byte("panic: x")
	j.Begin(first, 0)
	for i := range traces.MaxWaiting {
		if v := j.Next([]byte("of its message?"), first); v != traces.Waits {
			t.Fatalf("line %d: %v", i, v)
		}
	}
	if v := j.Next([]byte("of its message?"), first); v != traces.Begins {
		t.Errorf("one more: %v", v)
	}
	j.Begin(first, 0)
	if v := j.Next(nil, first); v != traces.Waits {
		t.Errorf("a blank line: %v", v)
	}
	j.Settle()
	if v := j.Next(nil, first); v != traces.Begins {
		t.Errorf("the blank line again: %v", v)
	}
}
