package find_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"sluice/tui/find"
)

var expressions = []string{
	`a`, `^a`, `a$`, `^a$`, `^$`, ``, `\bfoo\b`, `\Bo`, `(?m)^b`, `(?m)a$`, `(?i)FoO|bar`, `status=5\d\d`, `[a-c]{3}\d`, `a.b`, `(?s)a.b`,
	`(a|ab)(c|bcd)(d*)`, `x*`, `x+y?z{2,4}`, `\w+\s\w+`, `[^a-z]`, `(?i)k`, `\pL`, `a|`, `(^a|b$)`, `\A\z`, `(?i:é)o`, `.{0,3}end$`, `\d{1,3}(\.\d{1,3}){3}`,
}

// An expression says of every text what package regexp says.
func TestExpressions(t *testing.T) {
	texts := []string{
		"", "a", "b", "ab", "ba", "abcd", "foo", "a foo b", "xfoo", "FOO", "\n", "a\nb", "b\na", "foo\n", "status=500", "status=499 status=501",
		"aab3", "abc", "xyzz", "xxyzzzzz", "é", "aé", "Éo", "k", "\u212a", "a\xffb", "ab\x00", "10.0.0.1", "the end", "the end ",
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteByte("ab xyzfo0159=.\n"[r.IntN(15)])
		}
		texts = append(texts, b.String())
	}
	for _, source := range expressions {
		re := regexp.MustCompile(source)
		x := find.NewExpression(re)
		for range 2 { // the second time along states that are there
			for _, text := range texts {
				if got, want := x.Match([]byte(text)), re.MatchString(text); got != want {
					t.Errorf("%q in %q: %v, want %v", source, text, got, want)
				}
			}
		}
	}
}

// An expression with more states than are kept stays right, and its memory bounded.
func TestExpressionWithManyStates(t *testing.T) {
	re := regexp.MustCompile(`(a|b)*a(a|b){14}c`)
	x := find.NewExpression(re)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 3000 {
		text := make([]byte, 60)
		for j := range text {
			text[j] = "ab"[r.IntN(2)]
		}
		if i%3 == 0 {
			text[50+r.IntN(10)] = 'c'
		}
		if got, want := x.Match(text), re.Match(text); got != want {
			t.Fatalf("%q: %v, want %v", text, got, want)
		}
	}
	if n := find.States(x); n > 1000 {
		t.Errorf("%d states are kept", n)
	}
}

func FuzzExpression(f *testing.F) {
	for i, source := range expressions {
		f.Add(source, fmt.Sprintf("ab foo status=50%d\n10.0.0.1 the end", i))
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		if len(source) > 100 || len(text) > 1000 {
			return
		}
		re, err := regexp.Compile(source)
		if err != nil {
			return
		}
		x := find.NewExpression(re)
		want := re.MatchString(text)
		if got := x.Match([]byte(text)); got != want {
			t.Fatalf("%q in %q: %v, want %v", source, text, got, want)
		}
		if got := x.Match([]byte(text)); got != want {
			t.Fatalf("%q in %q again: %v, want %v", source, text, got, want)
		}
	})
}

func BenchmarkExpression(b *testing.B) {
	text := []byte(strings.Repeat("request 4711 completed  tenant=acme  ", 6))
	for _, source := range []string{`(?i)[a-c]{3}\d`, `status=5\d\d`} {
		re := regexp.MustCompile(source)
		x := find.NewExpression(re)
		b.Run(source, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if x.Match(text) {
					b.Fatal("it matches")
				}
			}
		})
	}
}
