package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// The picture in docs is of the figures in docs.
func TestThePictureIsOfTheFigures(t *testing.T) {
	figures, err := os.Open("../../docs/archive-growth.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer figures.Close()
	want, err := os.ReadFile("../../docs/archive-growth.svg")
	if err != nil {
		t.Fatal(err)
	}
	if got := drawn(t, figures); got != string(want) {
		t.Error("docs/archive-growth.svg is not of docs/archive-growth.txt: go run ./test/chart < docs/archive-growth.txt > docs/archive-growth.svg")
	}
}

func drawn(t *testing.T, r io.Reader) string {
	t.Helper()
	read, err := read(r)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := read.draw(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const columns = "streams consolidators days clean-s killed-s memory-MiB last-ms since-ms replay-per-s\n"

// Each size is a line of its own, from the base on; what differs in two is in none.
func TestALineForEachSize(t *testing.T) {
	svg := drawn(t, strings.NewReader("go: downloading\n\n# why\n"+columns+
		"1000 1 1 1 2 30 4 5 60000\n1000 3 1 1 2 30 4 5 60000\n3000 3 1 1 2 77 4 5 60000\n5000 1 1 1 4 32 4 5 2000000\n2000 1 1 1 3 31 4 5 60000\n"))
	for _, want := range []string{"streams: 1000, 2000, 5000<", "consolidators: 1, 3<", "days: 1<", ">5000 streams: 2M records/s<", ">3 consolidators: 30 MiB<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("there is no %q in\n%s", want, svg)
		}
	}
	if strings.Contains(svg, "77 MiB") {
		t.Error("what differs in two sizes was drawn")
	}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Error("there is a place that is no number in", svg)
	}
}

// What is no such table is told, and nothing drawn.
func TestWhatIsNoTable(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "no column"},
		{"streams consolidators days\n1 1 1\n1 1 2\n", "no column clean-s"},
		{columns + "1 1 1 1 1 1 1 1 1\n", "nothing grows"},
		{columns + "1 1 1 1 1 1 1 1\n", "line 2 has 8 fields"},
		{columns + "1 1 1 1 1 1 1 1 none\n", `column replay-per-s: "none"`},
		{columns + "1 1 1 1 1 1 1 1 NaN\n", "no number above 0"},
		{columns + "1 1 1 1 1 1 1 1 0\n", "no number above 0"},
	} {
		if _, err := read(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}
