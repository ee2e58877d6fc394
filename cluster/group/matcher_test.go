package group

import (
	"math/rand/v2"
	"testing"
)

// A template's text finds the messages of its group again, and those alone.
func TestATemplateIsATest(t *testing.T) {
	for seed := range uint64(20) {
		list := messages(rand.New(rand.NewPCG(seed, 1)), 2000)
		g := New()
		var shapes []Shape
		for _, m := range list {
			shapes = append(shapes, g.Add([]byte(m), 30, 0))
		}
		of := g.Of()
		for _, u := range g.Templates() {
			but, more := g.Alike(u.Number)
			var not []*Matcher
			for _, text := range but {
				not = append(not, matcher(t, text))
			}
			p, found := matcher(t, u.Text), uint64(0)
			for i, m := range list {
				matches := p.Match([]byte(m))
				for _, other := range not {
					matches = matches && !other.Match([]byte(m))
				}
				switch mine := of[shapes[i]] == u.Number; {
				case matches:
					found++
				case mine:
					t.Fatalf("seed %d: %q is in the group %q, which does not find it", seed, m, u.Text)
				}
			}
			if found != u.Count+more {
				t.Fatalf("seed %d: %q but %q finds %d messages of %d, and %d more were said", seed, u.Text, but, found, u.Count, more)
			}
		}
	}
}

func matcher(t *testing.T, text string) *Matcher {
	t.Helper()
	p, err := ParseMatcher(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return p
}

func TestMatchers(t *testing.T) {
	for _, test := range []struct {
		pattern, message string
		want             bool
	}{
		{"took <*>", "took 12 ms", true},
		{"took <*>", "took long", true},
		{"took <*>", "took 12 ms longer", false},
		{"took <*>", "it took 12 ms", false},
		{"took 3 ms", "took 400 s", true}, // a message stands for those like it
		{"took 3 ms", "took long", false},
		{"GET <*> <*> in <*>", "GET fast lane in 3 ms", true},
		{"a <*>, b", "a 1, b", true},
		{"a <*>, b", "A 1, b", false},
		{"wrote <*> here", "wrote <*> here", true}, // a message may quote one
		{"first <*>", "first 1\nsecond line", true},
		{"connection from <*>", "connection from 1.2.3.4 ()", true},
		{"<*>", "anything", true},
		{"<*>", "two words", false},
		{"E: <*>", "Traceback (most recent call last):\n  x\nE: 1\n", true},
	} {
		if got := matcher(t, test.pattern).Match([]byte(test.message)); got != test.want {
			t.Errorf("%q fits %q: %v", test.message, test.pattern, got)
		}
	}
	for _, bad := range []string{"", "  ", "two\nlines", string(make([]byte, maxMessage+1))} {
		if _, err := ParseMatcher(bad); err == nil {
			t.Errorf("%.20q is taken for a template", bad)
		}
	}
}

// Whatever a message is, its template finds it, and so does the message itself.
func FuzzMatcher(f *testing.F) {
	for _, m := range []string{
		"took 12 ms", "a<*>b <*>", "user ann at Mon Mar", "x () [1] {2 3}", "/a/b c/d/e h:1", "a/ /b //", "\x00 \x01 a\x00b", "Traceback (most recent call last):\nE: x\n",
		"nodes 1 ok 2 ok 3 ok", "foo<5bar", "é: ü=ö", "<<*>>", "Mar <*> UTC", "user user user 1",
	} {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, message string) {
		g := New()
		g.Add([]byte(message), 30, 0)
		text := g.Templates()[0].Text
		p, err := ParseMatcher(text)
		if err != nil {
			return // it has no words
		}
		if !p.Match([]byte(message)) {
			t.Fatalf("%q has the template %q, which it does not fit", message, text)
		}
	})
}
