package names_test

import (
	"regexp"
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

func TestLiteral(t *testing.T) {
	for _, name := range []string{"system", "a*b", "a?", `a\b`, `\`, `a\*`, "**"} {
		text := names.Literal(name)
		if !names.IsPattern(text) {
			if text != name {
				t.Errorf("%q is written %q", name, text)
			}
			continue
		}
		p, err := names.ParsePattern(text)
		if err != nil || !p.Match(name) || p.Match(name+"x") || p.Match("axb") {
			t.Errorf("%q is written %q, which does not match it alone: %v", name, text, err)
		}
		if single, ok := p.Single(); !ok || single != name {
			t.Errorf("%q matches %q alone: %t", text, single, ok)
		}
	}
}

func TestSingle(t *testing.T) {
	for _, text := range []string{"*", "a?", `a\*b*`, "**"} {
		p, err := names.ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		if name, ok := p.Single(); ok {
			t.Errorf("%q matches %q alone", text, name)
		}
	}
}

// expression is a pattern as a regular expression.
func expression(pattern string) *regexp.Regexp {
	signs := map[string]string{"**": ".*", "*": "[^/]*", "?": "[^/]"}
	text := regexp.MustCompile(`(?s)\*\*|\*|\?|\\?.`).ReplaceAllStringFunc(pattern, func(sign string) string {
		if s, ok := signs[sign]; ok {
			return s
		}
		if len(sign) > 1 && sign[0] == '\\' {
			sign = sign[1:]
		}
		return regexp.QuoteMeta(sign)
	})
	return regexp.MustCompile(`(?s)\A` + text + `\z`)
}

func BenchmarkPatternMatch(b *testing.B) {
	p, err := names.ParsePattern("tenant/acme-*/api-*")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p.Match("tenant/acme-production/api-gateway")
		p.Match("system/scheduler")
	}
}

// A pattern matches what its regular expression does, never takes long, and one whose every character is
// taken for itself matches exactly itself.
func FuzzPattern(f *testing.F) {
	f.Add("tenant/*", "tenant/acme")
	f.Add(`a\*?**`, "a*b/c")
	f.Add("会\\会", "会会")
	f.Add("**a*b/?", "a/xab/c")
	f.Add("***", "a/b")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if p, err := names.ParsePattern(pattern); err == nil {
			if got, want := p.Match(text), expression(pattern).MatchString(text); got != want {
				t.Errorf("%q matches %q: %t, want %t", pattern, text, got, want)
			}
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
