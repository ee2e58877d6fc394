package query_test

import (
	"slices"
	"testing"

	"sluice/cluster/query"
)

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                        nil,
		"timed out":               {"timed", "out"},
		`a status=500 "x"`:        {"status", "500", "a", "x"},
		`/api/orders\n caf` + "é": {"orders", "api", "caf", "n"},
	} {
		if got := query.NewText(text).Words; !slices.Equal(got, want) {
			t.Errorf("%q has the words %q, want %q", text, got, want)
		}
	}
	for expression, want := range map[string][]string{
		`timed? (out|in)`: {"time"}, // the fold of an optional letter is none
		`^/api/(x+)y{2,}`: {"api", "x", "y"},
		`a|b`:             nil,
		`(`:               {"("},
	} {
		if got := query.NewPattern(expression).Words; !slices.Equal(got, want) {
			t.Errorf("%q needs the words %q, want %q", expression, got, want)
		}
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
		if got := query.Plain([]byte(data)); got != want {
			t.Errorf("%q is plain: %v, want %v", data, got, want)
		}
	}
}
