package names_test

import (
	"strings"
	"testing"

	"sluice/cluster/names"
)

func TestCheck(t *testing.T) {
	for _, good := range []string{"a", "system", "tenant/acme", "会", " ", strings.Repeat("x", names.Max), "\u00a0"} {
		if err := names.Check(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
		if err := names.Check([]byte(good)); err != nil {
			t.Errorf("%q as bytes: %v", good, err)
		}
	}
	for _, bad := range []string{"", strings.Repeat("x", names.Max+1), "a\n", "\x00", "\x7f", "\u0085", "\x80", "会"[:2], "a\xff"} {
		if names.Check(bad) == nil || names.Check([]byte(bad)) == nil {
			t.Errorf("%q is taken for a name", bad)
		}
	}
}

func TestCheckAllocates(t *testing.T) {
	bytes := []byte("tenant/会")
	if n := testing.AllocsPerRun(100, func() { _ = names.Check(bytes) }); n != 0 {
		t.Errorf("checking a name allocates %v times", n)
	}
}
