package names_test

import (
	"slices"
	"testing"

	"sluice/cluster/names"
)

func TestSplit(t *testing.T) {
	for in, want := range map[string][]string{
		"a": {"a"}, "a+b": {"a", "b"}, "a+b+a": {"a", "b"}, `a\+b`: {"a+b"}, `a\b+c`: {`a\b`, "c"}, "a+": {"a", ""}, "": {""},
	} {
		if got := names.Split(in); !slices.Equal(got, want) {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestJoin(t *testing.T) {
	for _, list := range [][]string{{"a"}, {"a", "b"}, {"a+b", "c"}, {"+", "++"}} {
		if got := names.Split(names.Join(list)); !slices.Equal(got, list) {
			t.Errorf("%q joined and split is %q", list, got)
		}
	}
}
