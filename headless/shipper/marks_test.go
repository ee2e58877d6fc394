package shipper_test

import (
	"strings"
	"testing"
	"time"

	"sluice/cluster/record"
	"sluice/headless/shipper"
)

func streamMark(stream string) string {
	return string(record.AppendStreamMark(nil, time.Unix(0, 0), stream))
}

// Lines that say of which stream the records are, in a recording of several, are none: they
// are passed over, counted, and told of.
func TestMarksAreNoRecords(t *testing.T) {
	lines := []string{streamMark("a"), `{"v":0,"msg":"1"}`, "Error: x", "    at y (z.js:1:1)", streamMark("b"), "", `{"v":0,"msg":"2"}`, streamMark("a")}
	text := []byte(strings.Join(lines, "\n"))
	for _, piece := range []int{1, 7, 4096} {
		records, c := shipper.Records(text, piece, false)
		if len(records) != 3 || c.Lines != 8 || c.Marks != 3 || c.Blank != 1 || c.Joined != 1 {
			t.Errorf("in pieces of %d: %q, %+v", piece, records, c)
		}
	}
	// In a file that does not begin so they are records like any others.
	records, c := shipper.Records([]byte(strings.Join(lines[1:], "\n")), 4096, false)
	if len(records) != 5 || c.Marks != 0 {
		t.Errorf("%q, %+v", records, c)
	}
}

// A recording that is followed is one after a restart, too, and a file that was none is none.
func TestMarksAfterARestart(t *testing.T) {
	t.Parallel()
	k := keep(t)
	put(t, k.file, "", streamMark("a"), "one")
	r, s, err := k.run("one")
	if err != nil || s.Lines != 3 || s.Marks != 1 || s.Blank != 1 || !r.said("is a recording of several streams: all its records go to system; sluice replay --publish keeps them apart") {
		t.Errorf("%v: %+v: %s", err, s, r.words())
	}
	put(t, k.file, streamMark("b"), "two")
	if _, s, err = k.run("two"); err != nil || s.Lines != 2 || s.Marks != 1 {
		t.Errorf("%v: %+v", err, s)
	}
	k.rename(".1")
	put(t, k.file, "three")
	if _, s, err = k.run("three"); err != nil || s.Lines != 1 {
		t.Errorf("%v: %+v", err, s)
	}
	put(t, k.file, streamMark("b"), "four")
	if _, s, err = k.run("four"); err != nil || s.Lines != 2 || s.Marks != 0 {
		t.Errorf("%v: %+v", err, s)
	}
}
