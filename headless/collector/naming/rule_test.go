package naming_test

import (
	"strings"
	"testing"

	"sluice/cluster/names"
	"sluice/headless/collector/naming"
)

func name(t *testing.T, rule string, values ...string) string {
	t.Helper()
	r, err := naming.Parse(rule)
	if err != nil {
		t.Fatal(err)
	}
	name, err := r.Name(func(hole string) string {
		for i := 0; i+1 < len(values); i += 2 {
			if values[i] == hole {
				return values[i+1]
			}
		}
		return ""
	})
	if err != nil {
		return "error: " + err.Error()
	}
	return name
}

func TestName(t *testing.T) {
	for _, tt := range []struct{ rule, value, want string }{
		{"tenant/{a}", "acme", "tenant/acme"},
		{"tenant/{a}", "", "tenant/-"},
		{"tenant/{a}", "-", "tenant/%2D"},
		{"tenant/{a}", ".", "tenant/%2E"},
		{"tenant/{a}", "..", "tenant/%2E."},
		{"tenant/{a}", "...", "tenant/..."},
		{"tenant/{a}", "a-b", "tenant/a-b"},
		{"tenant/{a}", "acme/secret", "tenant/acme%2Fsecret"},
		{"tenant/{a}", "50%", "tenant/50%25"},
		{"tenant/{a}", "%2F", "tenant/%252F"},
		{"tenant/{a}", "a\nb\x00\x7f\u0085\xff会", "tenant/a%0Ab%00%7F%C2%85%FF会"},
		{`\{{a}\}\\`, "x", `{x}\`},
		{"{a}/{b}/{a}", "x", "x/-/x"},
		{"{a}", strings.Repeat("x", 255), strings.Repeat("x", 255)},
	} {
		if got := name(t, tt.rule, "a", tt.value); got != tt.want {
			t.Errorf("%q with %q is %q, expected %q", tt.rule, tt.value, got, tt.want)
		}
	}
	for _, long := range []string{strings.Repeat("x", 250), strings.Repeat("/", 100), strings.Repeat("x", 300)} {
		if got := name(t, "tenant/{a}", "a", long); !strings.HasPrefix(got, "error: ") {
			t.Errorf("a value of %d bytes makes %q", len(long), got)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, rule := range []string{"", "{", "{}", "a}", "{a", "{a{b}}", "{a/b}", "{a}{b}", "a\n", strings.Repeat("x", names.Max+1)} {
		if _, err := naming.Parse(rule); err == nil {
			t.Errorf("%q is taken for a rule", rule)
		}
	}
}

// Different values make different names, of as many parts.
func FuzzName(f *testing.F) {
	f.Add("acme", "acme/x")
	f.Add("-", "")
	f.Add("%2D", "-")
	f.Add("..", "%2E.")
	f.Fuzz(func(t *testing.T, one, other string) {
		r, err := naming.Parse("tenant/{a}/{b}")
		if err != nil {
			t.Fatal(err)
		}
		fill := func(a, b string) string {
			name, err := r.Name(func(hole string) string { return map[string]string{"a": a, "b": b}[hole] })
			if err != nil {
				return ""
			}
			if names.Check(name) != nil || strings.Count(name, "/") != 2 {
				t.Fatalf("%q and %q make %q", a, b, name)
			}
			return name
		}
		if a, b := fill(one, other), fill(other, one); a != "" && (a == b) != (one == other) {
			t.Errorf("%q and %q make %q and %q", one, other, a, b)
		}
	})
}
