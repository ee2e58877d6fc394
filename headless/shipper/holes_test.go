package shipper_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice/headless/shipper"
)

const failed = `{"v":0,"name":"app","hostname":"vm-1","pid":7,"level":50,"time":"2026-03-01T12:00:00.000Z","msg":"failed"}`

// Neither a byte order mark nor a hole of any size makes a record text, whatever is
// read at once.
func TestMarksAndHoles(t *testing.T) {
	const bom = "\xef\xbb\xbf"
	nul := func(n int) string { return strings.Repeat("\x00", n) }
	for name, input := range map[string]string{
		"a mark":                        bom + failed + "\n",
		"a mark in the middle":          failed + "\n" + bom + failed + "\n",
		"a mark behind a hole":          nul(9) + bom + failed,
		"a hole of a byte":              nul(1) + failed + "\n",
		"a hole":                        nul(4096) + failed + "\r\n" + nul(100) + failed + "\n",
		"a hole above the limit":        nul(3<<20) + failed + "\n",
		"a hole at the end":             failed + "\n" + nul(1<<20),
		"a hole at the end of a line":   failed + nul(5000),
		"a hole in the place of a line": failed + nul(700_000) + failed + "\n",
	} {
		for _, piece := range []int{1, 7, 4096, 100_000} {
			if piece < 100 && len(input) > 100_000 {
				continue
			}
			records, c := shipper.Records([]byte(input), piece, false)
			if want := strings.Count(input, failed); uint64(len(records)) != c.Bunyan || len(records) != want || c.Cut != 0 {
				t.Errorf("%s, in pieces of %d: %d records, %+v, want %d", name, piece, len(records), c, want)
			}
			for _, r := range records {
				if r != failed {
					t.Errorf("%s, in pieces of %d: %.200q", name, piece, r)
				}
			}
		}
	}
	// A line that runs into a hole is a line, and so is what comes behind.
	records, c := shipper.Records([]byte(`{"a":1,"b`+nul(300_000)+failed+"\n"), 65_536, false)
	if len(records) != 2 || records[1] != failed || c.Texts != 1 || c.Cut != 0 || c.Lines != 2 {
		t.Errorf("%d records, %+v: %.200q", len(records), c, records)
	}
}

// A hole that takes no room on the disk is not read, and counted as any other,
// also of a file that is followed.
func TestSparseFiles(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	file := filepath.Join(t.TempDir(), "app.log")
	put(t, file, "first")
	const size = 1 << 30
	if err := os.Truncate(file, size); err != nil {
		t.Fatal(err)
	}
	put(t, file, "last")
	const zeros = size - uint64(len("first\n"))
	r := ship(t, to, shipper.Config{Files: []string{file}, NoJoin: true})
	r.ended = true
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	if s := r.ship.Summary(); s.Lines != 2 || s.Zeros != zeros {
		t.Errorf("summary %+v", *s)
	}
	r = ship(t, to, shipper.Config{Files: []string{file}, NoJoin: true, Follow: true, State: file + ".places"})
	r.acknowledged(2)
	put(t, file, "more")
	r.acknowledged(3)
	if s := r.end(); s.Lines != 3 || s.Zeros != zeros || s.Doubts+s.Truncations != 0 {
		t.Errorf("summary %+v", *s)
	}
	put(t, file, "later")
	r = ship(t, to, shipper.Config{Files: []string{file}, NoJoin: true, Follow: true, State: file + ".places"})
	r.acknowledged(1)
	r.end()
	if got, want := stands(t, at, 6), []string{"first", "last", "first", "last", "more", "later"}; !slices.Equal(got, want) {
		t.Errorf("%q stand", got)
	}
}

func BenchmarkLines(b *testing.B) {
	input := []byte(strings.Repeat(failed+"\n", 10_000))
	b.SetBytes(int64(len(input)))
	for b.Loop() {
		if records, _ := shipper.Records(input, 256<<10, false); len(records) != 10_000 {
			b.Fatal(len(records))
		}
	}
}
