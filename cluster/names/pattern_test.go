package names_test

import (
	"strings"
	"testing"

	"sluice/cluster/names"
)

func TestPattern(t *testing.T) {
	for _, tt := range []struct{ pattern, matches, not string }{
		{"tenant/*", "tenant/acme tenant/acme-staging tenant/", "tenant/acme/x tenant system Xtenant/acme"},
		{"**", "system tenant/acme a/b/c", ""},
		{"tenant/**", "tenant/acme tenant/a/b", "tenant system"},
		{"*", "system 会", "tenant/acme"},
		{"system/?", "system/a system/会", "system/ab system// system/"},
		{"a.c", "a.c", "abc"},
		{`a\*b`, "a*b", `ab axb a\*b`},
		{`a\\b`, `a\b`, "ab"},
		{`\会*`, "会x", "x"},
		{"(a|b)[c]+*", "(a|b)[c]+ (a|b)[c]+d", "a b ac"},
	} {
		p, err := names.ParsePattern(tt.pattern)
		if err != nil {
			t.Errorf("%q: %v", tt.pattern, err)
			continue
		}
		for name := range strings.FieldsSeq(tt.matches) {
			if !p.Match(name) {
				t.Errorf("%q does not match %q", tt.pattern, name)
			}
		}
		for name := range strings.FieldsSeq(tt.not) {
			if p.Match(name) {
				t.Errorf("%q matches %q", tt.pattern, name)
			}
		}
	}
	for _, bad := range []string{"", `a\`, "a\n*", "*\xff", strings.Repeat("*", 256)} {
		if _, err := names.ParsePattern(bad); err == nil {
			t.Errorf("%q is taken for a pattern", bad)
		}
	}
	for text, want := range map[string]bool{"system": false, "tenant/*": true, "a?": true, `a\b`: true, "[a]": false} {
		if names.IsPattern(text) != want {
			t.Errorf("%q is a pattern: %t", text, !want)
		}
	}
}

// A pattern never crashes, never takes long, and one whose every character is
// taken for itself matches exactly itself.
func FuzzPattern(f *testing.F) {
	f.Add("tenant/*", "tenant/acme")
	f.Add(`a\*?**`, "a*b/c")
	f.Add("会\\会", "会会")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if p, err := names.ParsePattern(pattern); err == nil {
			p.Match(text)
		}
		var quoted strings.Builder
		for _, r := range text {
			quoted.WriteRune('\\')
			quoted.WriteRune(r)
		}
		p, err := names.ParsePattern(quoted.String())
		if err != nil {
			return // it is no name, or too long
		}
		if !p.Match(text) || p.Match(text+"x") || p.Match("x"+text) {
			t.Errorf("%q does not match exactly %q", quoted.String(), text)
		}
	})
}
