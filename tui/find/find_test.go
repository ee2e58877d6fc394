package find_test

import (
	"bytes"
	"slices"
	"testing"

	"sluice/tui/find"
)

// The finder finds what a plain search finds.
func FuzzFinder(f *testing.F) {
	f.Add("abc", []byte("xxABcabCabc"), true)
	f.Add("@[", []byte("`{@["), true)
	f.Add("\x00\xff", []byte("aaaaaaaaaaaaaaa\x00\xff"), false)
	f.Fuzz(func(t *testing.T, word string, data []byte, fold bool) {
		want := bytes.Index(data, []byte(word))
		if fold {
			want = bytes.Index(lowerASCII(data), lowerASCII([]byte(word)))
		}
		if word == "" {
			want = -1
		}
		finder := find.New(word, fold)
		if got := finder.Index(data); got != want {
			t.Fatalf("%q in %q with fold %v is at %d, want %d", word, data, fold, got, want)
		}
	})
}

func lowerASCII(data []byte) []byte {
	out := slices.Clone(data)
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

func TestFinderAllocatesNothing(t *testing.T) {
	data := bytes.Repeat([]byte(`{"msg":"request completed","tenant":"acme"} `), 20)
	finder := find.New("needle", true)
	if n := testing.AllocsPerRun(100, func() { finder.In(data) }); n != 0 {
		t.Errorf("a search allocates %v times", n)
	}
}
