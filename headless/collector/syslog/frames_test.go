package syslog_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"sluice/headless/collector/syslog"
)

// frames are the messages of a connection, and how it ended.
func frames(in io.Reader) (all []string) {
	f := syslog.NewFrames(in)
	for {
		message, cut, err := f.Next()
		if len(message) > 0 || cut > 0 {
			text := string(message)
			if len(text) > 100 {
				text = fmt.Sprintf("%d bytes", len(text))
			}
			if cut > 0 {
				text += fmt.Sprintf(", %d cut", cut)
			}
			all = append(all, text)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				all = append(all, "error: "+err.Error())
			}
			return all
		}
	}
}

func TestFrames(t *testing.T) {
	long := strings.Repeat("x", syslog.MaxMessage+5)
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"<1>a\n<2>b\r\n<3>c", []string{"<1>a", "<2>b\r", "<3>c"}},
		{"4 <1>a5 <2>\nb4 <3>c", []string{"<1>a", "<2>\nb", "<3>c"}},
		{"<1>a\n4 <2>b<3>c\n", []string{"<1>a", "<2>b", "<3>c"}},
		{"<1>a\x00<2>b\x00", []string{"<1>a", "<2>b"}},
		{"\n\n<1>a\n\n", []string{"<1>a"}},
		{"10 <1>a", []string{"<1>a, 6 cut", "error: unexpected EOF"}},
		{"0 x\n", []string{"0 x"}},
		{"12x y\n", []string{"12x y"}},
		{"12", []string{"12"}},
		{"9999999999 x", []string{"error: a message says that it is larger than any can be: 9999999999 bytes"}},
		{"999999999999 x\n", []string{"999999999999 x"}},
		{long + "\n<1>a\n", []string{"65536 bytes, 5 cut", "<1>a"}},
		{fmt.Sprintf("%d %s4 <1>a", len(long), long), []string{"65536 bytes, 5 cut", "<1>a"}},
		{"", nil},
	} {
		for _, in := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in)), iotest.DataErrReader(strings.NewReader(tt.in))} {
			if got := frames(in); !slices.Equal(got, tt.want) {
				t.Errorf("%.80q divides into %q, expected %q", tt.in, got, tt.want)
			}
		}
	}
}

// Messages that were framed either way are read as they were.
func FuzzFrames(f *testing.F) {
	f.Add("<1>a", "<2>b\nc", []byte("3 <1"))
	f.Fuzz(func(t *testing.T, one, other string, any []byte) {
		frames(strings.NewReader(string(any)))
		if one == "" || other == "" || len(one)+len(other) > syslog.MaxMessage || strings.ContainsAny(one, "\n\x00\r") || strings.ContainsAny(other[:1], "0123456789\n\x00\r") {
			return
		}
		in := fmt.Sprintf("%d %s%d %s", len(one), one, len(other), other)
		if !strings.ContainsAny(one[:1], "0123456789") {
			in += one + "\n"
		}
		fr := syslog.NewFrames(strings.NewReader(in))
		for _, want := range []string{one, other} {
			if got, cut, err := fr.Next(); string(got) != want || cut != 0 || err != nil {
				t.Fatalf("%q became %q, %d cut: %v", want, got, cut, err)
			}
		}
		if got, _, err := fr.Next(); err == nil && string(got) != one {
			t.Errorf("%q became %q", one, got)
		}
	})
}
