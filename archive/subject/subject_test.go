package subject_test

import (
	"errors"
	"strings"
	"testing"

	"sluice/archive/subject"
	"sluice/cluster/names"
)

func TestSubjectsAndBack(t *testing.T) {
	for _, tt := range []struct{ consolidator, stream, want string }{
		{"vm-1", "system", "logs.vm-1.system"},
		{"vm-1", "system/dns", "logs.vm-1.system.dns"},
		{"vm-1.eu", "tenant/acme.com", "logs.vm-1%2Eeu.tenant.acme%2Ecom"},
		{"a/b", "x", "logs.a%2Fb.x"},
		{"vm", "/", "logs.vm.%.%"},
		{"vm", "a//b", "logs.vm.a.%.b"},
		{"vm", "%", "logs.vm.%25"},
		{"vm", "*/>", "logs.vm.%2A.%3E"},
		{"vm", "a b/会", "logs.vm.a%20b.%E4%BC%9A"},
		{"tcp://10.0.0.1:5552", "$JS", "logs.tcp:%2F%2F10%2E0%2E0%2E1:5552.%24JS"},
	} {
		got := subject.Of(tt.consolidator, tt.stream)
		if got != tt.want {
			t.Errorf("Of(%q, %q) = %s, want %s", tt.consolidator, tt.stream, got, tt.want)
		}
		consolidator, stream, err := subject.Parse(got)
		if err != nil || consolidator != tt.consolidator || stream != tt.stream {
			t.Errorf("Parse(%q) = %q, %q, %v", got, consolidator, stream, err)
		}
	}
}

func TestLongestSubjectIsWithinItsBound(t *testing.T) {
	name := strings.Repeat(".", names.Max)
	s := subject.Of(name, name)
	if len(s) != subject.Max {
		t.Errorf("a subject of %d bytes, Max is %d", len(s), subject.Max)
	}
	if _, _, err := subject.Parse(s); err != nil {
		t.Error(err)
	}
}

func TestForeignSubjectsAreRefused(t *testing.T) {
	for _, s := range []string{
		"", "logs", "logs.", "logs.vm", "logs.vm.", "logs..a", "log.vm.a", "logs.vm.a.", "logs.vm..a",
		"logs.vm.%4", "logs.vm.%zz", "logs.vm.%2e", "logs.vm.%61", "logs.vm.a%", "logs.vm.*", "logs.vm.>", "logs.vm.a b",
		"logs.vm.会", "logs.%.a", "logs.vm.%", "logs.vm.%0A", "logs.vm.%FF", "logs.vm." + strings.Repeat("a", 256),
		"logs.vm." + strings.Repeat("a.", 1<<20),
	} {
		if c, stream, err := subject.Parse(s); !errors.Is(err, subject.ErrForeign) {
			t.Errorf("Parse(%.60q) = %q, %q, %v", s, c, stream, err)
		}
	}
}

func TestFilters(t *testing.T) {
	for _, tt := range []struct{ pattern, want string }{
		{"system", "logs.*.system"},
		{"tenant/*", "logs.*.tenant.*"},
		{"tenant/acme*/web", "logs.*.tenant.*.web"},
		{"system/?", "logs.*.system.*"},
		{"**", "logs.*.>"},
		{"tenant/**", "logs.*.tenant.>"},
		{"a/b**c/d", "logs.*.a.>"},
		{`a\*b`, "logs.*.a%2Ab"},
		{`a\/b`, "logs.*.a.b"},
		{"a.c/", "logs.*.a%2Ec.%"},
	} {
		p, err := names.ParsePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := subject.Filter(p); got != tt.want {
			t.Errorf("Filter(%q) = %s, want %s", tt.pattern, got, tt.want)
		}
	}
	p, _ := names.ParsePattern("system")
	if got := subject.FilterAt("vm.1", p); got != "logs.vm%2E1.system" {
		t.Error(got)
	}
}
