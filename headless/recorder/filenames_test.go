package recorder_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/names"
	"sluice/cluster/stream"
	"sluice/headless/internal/script"
	"sluice/headless/recorder"
)

// A file for each stream; names that could be anything else are harmless.
func TestFilePerStream(t *testing.T) {
	names := []string{"system", "tenant/acme", "tenant+acme", "../../etc/passwd", "会/a b"}
	var recs []stream.Record
	for _, name := range names {
		recs = append(recs, script.Records(name, name+" 1", name+" 2")...)
	}
	d := newMemDisk()
	source := &play{Source: script.Source{End: script.ErrOver, Batches: []*stream.Batch{script.Batch(recs, gap(0, "system", 3, false))}}}
	s, err := recorded(t, d, recorder.Config{Source: source, Streams: names, Out: "logs/{stream}.ndjson"})
	if !errors.Is(err, script.ErrOver) {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"logs/tenant+acme.ndjson":        "tenant/acme 1|tenant/acme 2",
		"logs/tenant%2Bacme.ndjson":      "tenant+acme 1|tenant+acme 2",
		"logs/%2E.+..+etc+passwd.ndjson": "../../etc/passwd 1|../../etc/passwd 2",
		"logs/会+a%20b.ndjson":            "会/a b 1|会/a b 2",
	} {
		if got := strings.Join(d.lines(t, name), "|"); got != want {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
	if lines := d.lines(t, "logs/system.ndjson"); len(lines) != 3 || !strings.Contains(lines[0], `"dropped":3`) {
		t.Errorf("system has %q", lines)
	}
	if s.Files != 5 || len(s.Streams) != 5 || s.Records != 10 {
		t.Errorf("the summary is %+v", s)
	}
}

func TestFilesThatAreThere(t *testing.T) {
	for _, there := range []string{"out.ndjson", "out.ndjson.part"} {
		for _, force := range []bool{false, true} {
			d := newMemDisk()
			d.files[there] = &memFile{disk: d, data: []byte("old\n")}
			source := &play{Source: script.Source{End: script.ErrOver, Batches: []*stream.Batch{script.Batch(script.Records("s", "new"))}}}
			s, err := recorded(t, d, recorder.Config{Source: source, Force: force})
			if force {
				if got := d.lines(t, "out.ndjson"); !errors.Is(err, script.ErrOver) || !slices.Equal(got, []string{"new"}) {
					t.Errorf("forced over %s: %q, %v", there, got, err)
				}
				continue
			}
			if err == nil || !strings.Contains(err.Error(), there) || !strings.Contains(err.Error(), "--force") || s != nil {
				t.Errorf("%s is there: %v, %+v", there, err, s)
			}
			if got := d.lines(t, there); !slices.Equal(got, []string{"old"}) || len(d.names()) != 1 {
				t.Errorf("%s has become %q; the files are %q", there, got, d.names())
			}
		}
	}
}

// No two names of streams become the same part of a file's name, and none of
// them can be anything but that.
func FuzzFilePart(f *testing.F) {
	f.Add("tenant/acme", "tenant+acme")
	f.Add("..", "../..")
	f.Add(strings.Repeat("a/", 100), strings.Repeat("a/", 101))
	f.Add("%2F", "/")
	f.Add("会/\u202e", "-rf")
	f.Fuzz(func(t *testing.T, a, b string) {
		if names.Check(a) != nil || names.Check(b) != nil {
			return
		}
		pa, pb := recorder.FilePart(a), recorder.FilePart(b)
		if (pa == pb) != (a == b) {
			t.Errorf("%q and %q become %q and %q", a, b, pa, pb)
		}
		if len(pa) > 180 || pa == "" || strings.ContainsAny(pa, "/\\*?\"'$ \n\x00:|<>&;") || pa[0] == '.' || pa[0] == '-' {
			t.Errorf("%q becomes %q", a, pa)
		}
	})
}
