package find_test

import (
	"slices"
	"testing"

	"sluice/tui/find"
)

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                        nil,
		"timed out":               {"timed", "out"},
		`status=500 "x"`:          {"status", "500", "x"},
		`/api/orders\n caf` + "é": {"api", "orders", "n", "caf"},
	} {
		if got := find.Words(text); !slices.Equal(got, want) {
			t.Errorf("%q has the words %q, want %q", text, got, want)
		}
	}
	if got := find.Longest([]string{"a", "abc", "xyz", "b"}); got != "abc" {
		t.Errorf("the longest is %q", got)
	}
}

// A record in which some word may be spelled otherwise than in its row is not plain.
func TestPlain(t *testing.T) {
	for data, want := range map[string]bool{
		`{"msg":"a plain record of more than eight bytes"}`: true,
		`{"msg":"a line\nand a \"quote\""}`:                 true,
		`{"msg":"日本語 ▒ x"}`:                                 true,
		`{"msg":"\u0061lpha"}`:                              false,
		"{\"msg\":\"\u212aelvin\"}":                         false,
		"{\"msg\":\"so\u00adft\"}":                          false,
		"{\"msg\":\"\xff\"}":                                false,
		`{"msg":"ends in a backslash\`:                      true,
	} {
		if got := find.Plain([]byte(data)); got != want {
			t.Errorf("%q is plain: %v, want %v", data, got, want)
		}
	}
}

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
