package rowtext_test

import (
	"strings"
	"testing"

	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

func TestAFieldIsTakenOut(t *testing.T) {
	data := []byte(`{"name":"a","level":30,"msg":"done","tenant":"acme","ms":12,"who":"a b","err":{"message":"no"},"text":"x\ny","last":true}`)
	for _, c := range []struct{ key, value, want string }{
		{"tenant", "acme", `done  err=no  ms=12  who="a b"  text=x ⏎ y  last=true`},
		{"ms", "12", `done  err=no  tenant=acme  who="a b"  text=x ⏎ y  last=true`},
		{"who", "a b", `done  err=no  tenant=acme  ms=12  text=x ⏎ y  last=true`},
		{"last", "true", `done  err=no  tenant=acme  ms=12  who="a b"  text=x ⏎ y`},
		{"text", "x\ny", `done  err=no  tenant=acme  ms=12  who="a b"  text=x ⏎ y  last=true`},
		{"tenant", "ac", `done  err=no  tenant=acme  ms=12  who="a b"  text=x ⏎ y  last=true`},
		{"none", "", `done  err=no  tenant=acme  ms=12  who="a b"  text=x ⏎ y  last=true`},
	} {
		text := rowtext.Of(&rows.Entry{Level: 30}, data, rowtext.OnScreen)
		text.Without(c.key, c.value)
		if strings.TrimRight(text.Body, " ") != c.want {
			t.Errorf("without %s=%s it is %q", c.key, c.value, text.Body)
		}
		end := 0
		for _, s := range text.Spans {
			if s.End <= end {
				t.Fatalf("the spans of %q are %v", text.Body, text.Spans)
			}
			end = s.End
		}
		if end != len(text.Body) {
			t.Errorf("the spans of %q end at %d", text.Body, end)
		}
	}
}
