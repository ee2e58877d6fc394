package replay_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"sluice/cluster/moment"
	"sluice/headless/internal/packed"
	"sluice/headless/replay"
	"sluice/headless/unpack"
)

const bom = "\xef\xbb\xbf"

func nul(n int) string { return strings.Repeat("\x00", n) }

// Neither a byte order mark nor a hole of any size makes a record text.
func TestMarksAndHoles(t *testing.T) {
	one, two := line(0, "one"), line(time.Second, "two")
	for name, tt := range map[string]struct {
		data    string
		skipped unpack.Skipped
		gaps    int
	}{
		"a mark in gzip":                     {packed.Gzip(bom+one) + packed.Gzip(bom+two), unpack.Skipped{}, 0},
		"a mark in zstd":                     {packed.Zstd(bom+one) + packed.Zstd(bom+two), unpack.Skipped{}, 0},
		"marks of files put together":        {bom + one + bom + two, unpack.Skipped{}, 0},
		"a line that is only a mark":         {one + bom + "\r\n" + two, unpack.Skipped{}, 0},
		"a hole of a byte":                   {nul(1) + one + two, unpack.Skipped{Holes: 1, Bytes: 1}, 0},
		"a hole at the beginning":            {nul(5000) + one + two, unpack.Skipped{Holes: 1, Bytes: 5000}, 0},
		"a hole that is larger than a line":  {nul(9<<20) + bom + one + two, unpack.Skipped{Holes: 1, Bytes: 9 << 20}, 0},
		"a hole in gzip":                     {packed.Gzip(nul(3<<20) + one + two), unpack.Skipped{Holes: 1, Bytes: 3 << 20}, 0},
		"a hole in the middle":               {one + nul(77) + two, unpack.Skipped{Holes: 1, Bytes: 77}, 0},
		"a hole in the place of a line end":  {strings.TrimSuffix(one, "\n") + nul(300_000) + two, unpack.Skipped{Holes: 1, Bytes: 300_000}, 0},
		"a hole at the end, as of a crash":   {one + two + nul(4096), unpack.Skipped{Holes: 1, Bytes: 4096}, 1},
		"padding behind gzip, which is none": {packed.Gzip(one+two) + nul(9000), unpack.Skipped{}, 0},
		"padding behind zstd, likewise":      {packed.Zstd(one+two) + nul(9000), unpack.Skipped{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t, "x.log", tt.data)
			got := replayed(t, replay.Config{Files: []string{path}})
			wantRecords(t, got, "one", "two")
			if got.err != nil || len(got.gaps) != tt.gaps || got.stats.Cut != 0 {
				t.Errorf("error %v, gaps %v, %d cut", got.err, got.gaps, got.stats.Cut)
			}
			var skipped unpack.Skipped
			if len(got.stats.Holes) > 0 {
				skipped = got.stats.Holes[0].Skipped
			}
			if skipped != tt.skipped {
				t.Errorf("%+v, want %+v", got.stats.Holes, tt.skipped)
			}
			// From its end on: what is there is found from a place in the middle, too.
			from, err := moment.Parse("-500ms")
			if err != nil {
				t.Fatal(err)
			}
			wantRecords(t, replayed(t, replay.Config{Files: []string{path}, From: from}), "two")
		})
	}
}

// A hole that takes no room is not read, wherever it is: to read these would take hours.
func TestHolesAreNotRead(t *testing.T) {
	one, two := line(0, "one"), line(time.Second, "two")
	path := file(t, "x.log", one)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	hole := int64(8 << 20)
	if err := f.Truncate(hole); err != nil {
		t.Fatal(err)
	}
	if unpack.NextData(f, hole/2, hole) == hole { // the system knows of holes
		hole = 4 << 40
	}
	_, err1 := f.WriteAt([]byte(two), hole)
	if err2 := f.Truncate(2 * hole); err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	want := replay.Holes{File: "x.log", Skipped: unpack.Skipped{Holes: 2, Bytes: 2*hole - int64(len(one)+len(two))}}
	input, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	for _, config := range []replay.Config{{Files: []string{path}}, {Files: []string{"-"}, Stdin: input}} {
		got := replayed(t, config)
		wantRecords(t, got, "one", "two")
		if len(got.gaps) != 1 || len(got.stats.Holes) != 1 || got.stats.Holes[0].Skipped != want.Skipped || got.stats.Read != 2*hole {
			t.Errorf("error %v, gaps %v, %+v, want %+v", got.err, got.gaps, got.stats, want)
		}
	}
	from, err := moment.Parse("-500ms")
	if err != nil {
		t.Fatal(err)
	}
	wantRecords(t, replayed(t, replay.Config{Files: []string{path}, From: from}), "two")
}

func TestRefused(t *testing.T) {
	path := file(t, "x.log", "\x04\x22\x4d\x18and so on")
	other := file(t, "other", line(0, "one"))
	got := replayed(t, replay.Config{Files: []string{path, other}})
	wantRecords(t, got, "one")
	if got.err == nil || !strings.HasSuffix(got.err.Error(), "it is lz4-compressed: decompress it first: lz4 -dc "+path+" | sluice replay -") {
		t.Errorf("error %v", got.err)
	}
}
