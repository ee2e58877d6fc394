package find_test

import (
	"testing"

	"sluice/tui/find"
)

func TestPrintable(t *testing.T) {
	for data, want := range map[string]bool{
		`{"msg":"a plain record"}`:   true,
		"":                           true,
		`{"msg":"a\nplain record"}`:  false,
		"{\"msg\":\"a plain\trecord": false,
		"0123456789\x7f":             false,
		"é":                          false,
		"01234567\x1f":               false,
	} {
		if got := find.Printable([]byte(data)); got != want {
			t.Errorf("%q is printable: %v, want %v", data, got, want)
		}
	}
}
