package subject_test

import (
	"strings"
	"testing"

	"sluice/archive/subject"
	"sluice/cluster/names"
)

// Two pairs of names have one subject only if they are the same pair, since each comes
// back out of its subject.
func FuzzNamesComeBackOutOfTheirSubject(f *testing.F) {
	f.Add("vm-1", "system/dns")
	f.Add("a/b", "//")
	f.Add("%", "*.>")
	f.Add("vm", "会\u00a0%41")
	f.Fuzz(func(t *testing.T, consolidator, stream string) {
		s := subject.Of(consolidator, stream)
		c, n, err := subject.Parse(s)
		if names.Check(consolidator) != nil || names.Check(stream) != nil {
			if err == nil && (c == consolidator && n == stream) {
				t.Fatalf("%q, %q are no names, and have the subject %q", consolidator, stream, s)
			}
			return
		}
		if err != nil || c != consolidator || n != stream {
			t.Fatalf("%q, %q: %q, which is %q, %q, %v", consolidator, stream, s, c, n, err)
		}
		if len(s) > subject.Max || strings.ContainsAny(s, " *>\t\r\n") || strings.Contains(s, "..") || strings.HasSuffix(s, ".") {
			t.Fatalf("NATS takes no subject %q", s)
		}
	})
}

func FuzzWhatParseTakesOfMakes(f *testing.F) {
	f.Add("logs.vm-1.system.dns")
	f.Add("logs.%.%")
	f.Add("logs.a.%2F")
	f.Fuzz(func(t *testing.T, s string) {
		c, n, err := subject.Parse(s)
		if err == nil && subject.Of(c, n) != s {
			t.Fatalf("%q is %q, %q, of which Of makes %q", s, c, n, subject.Of(c, n))
		}
	})
}

func FuzzFilterTakesInWhatItsPatternMatches(f *testing.F) {
	f.Add("tenant/*", "tenant/acme")
	f.Add("a/b**c", "a/b/x/c")
	f.Add(`\**?`, "*xy")
	f.Fuzz(func(t *testing.T, pattern, stream string) {
		p, err := names.ParsePattern(pattern)
		if err != nil || names.Check(stream) != nil || !p.Match(stream) {
			return
		}
		if s, filter := subject.Of("vm", stream), subject.Filter(p); !takes(filter, s) {
			t.Fatalf("%q matches %q, but %s does not take in %s", pattern, stream, filter, s)
		}
	})
}

// takes reports whether NATS matches a subject by a filter.
func takes(filter, s string) bool {
	want, have := strings.Split(filter, "."), strings.Split(s, ".")
	for i, token := range want {
		if token == ">" {
			return i == len(want)-1 && len(have) > i
		}
		if i >= len(have) || token != "*" && token != have[i] {
			return false
		}
	}
	return len(want) == len(have)
}
