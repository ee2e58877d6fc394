package find_test

import (
	"testing"

	"sluice/tui/find"
)

func TestFuzzyPrefersTheNearerName(t *testing.T) {
	for _, test := range []struct {
		pattern     string
		better, not string
	}{
		{"acme", "tenant/acme", "tenant/acme-staging"},
		{"sys", "system", "tenant/says"},
		{"ss", "system/scheduler", "tenant/acme"},
		{"TA", "tenant/acme", "system"},
		{"é", "tenant/CAFÉ", "tenant/cafe"},
	} {
		fuzzy := find.NewFuzzy(test.pattern)
		better, ok := fuzzy.Score(test.better)
		if !ok {
			t.Errorf("%q does not match %q", test.pattern, test.better)
		}
		if other, ok := fuzzy.Score(test.not); ok && other >= better {
			t.Errorf("%q likes %q (%d) no less than %q (%d)", test.pattern, test.not, other, test.better, better)
		}
	}
}

// The way for ASCII and the one for all letters come to the same.
func FuzzScore(f *testing.F) {
	f.Add("acme", "tenant/acme-staging")
	f.Add("É", "caf\u00c9")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		score, ok := find.NewFuzzy(pattern).Score(name)
		want, letters, found := find.Letters(pattern, name)
		if ok != found || ok && score != want {
			t.Fatalf("%q in %q: %v with %d, want %v with %d", pattern, name, ok, score, found, want)
		}
		if found && pattern != "" && len(letters) == 0 {
			t.Fatalf("%q in %q: no letters", pattern, name)
		}
	})
}

func TestScoreAllocatesNothing(t *testing.T) {
	fuzzy := find.NewFuzzy("acst")
	if n := testing.AllocsPerRun(100, func() { fuzzy.Score("tenant/acme-staging") }); n != 0 {
		t.Errorf("a score allocates %v times", n)
	}
}
