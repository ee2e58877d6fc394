package auth_test

import (
	"slices"
	"strings"
	"testing"

	"sluice/cluster/auth"
)

// Every name that the claims of this test are asked for: neighbours of prefixes,
// other writings of the same, and what looks like it.
var askedNames = []string{
	"tenant/acme", "tenant/acme2", "tenant/acm", "tenant/acme/", "tenant/acme/web", "tenant/Acme", "tenant/ACME", "TENANT/acme",
	"tenant/acme.", "tenant/acme..", "tenant/.acme", "tenant/../acme", "tenant/./acme", "tenant//acme", "/tenant/acme", "tenant/acme%2e",
	"tenant/acme ", " tenant/acme", "tenant/acme%2Fweb", "tenant%2Facme", "tenant/acmé", "tenant/acme\u0301", "tenant/аcme", "tenant/xacme", "tenant/acme-eu", "tenant/acme-",
	"tenant/*", "tenant/**", "tenant/ac?e", "tenant/.*", "tenant/a.me", "tenant/", "tenant", "tenant/system", "tenant/globex", "tenant//acme-.*/",
	"system", "system/", "system/scheduler", "system/sluice", "systems", "System", "system2", "sys", "other", "acme", "*", "", "tenants/acme",
}

func TestWhatEachClaimOpens(t *testing.T) {
	s := newSigner(t, "HS256")
	v := verifier(t, auth.Config{KeyFiles: []string{s.file}})
	notTenants := slices.DeleteFunc(slices.Clone(askedNames), func(n string) bool { return strings.HasPrefix(n, "tenant/") })
	for _, c := range []struct {
		name   string
		claims map[string]any
		opens  []string
	}{
		{"nothing", map[string]any{}, nil},
		{"no tenant", map[string]any{"ten": ""}, nil},
		{"null", map[string]any{"ten": nil, "sys": nil}, nil},
		{"an empty list", map[string]any{"ten": []string{}}, nil},
		{"other capitals in the claim's name", map[string]any{"TEN": "acme", "Sys": true, "\u017fys": true}, nil},
		{"one", map[string]any{"ten": "acme"}, []string{"tenant/acme"}},
		{"a list", map[string]any{"ten": []string{"acme", "globex"}}, []string{"tenant/acme", "tenant/globex"}},
		{"a name with a slash", map[string]any{"ten": "acme/web"}, []string{"tenant/acme/web"}},
		{"a name that ends with a slash", map[string]any{"ten": "acme/"}, []string{"tenant/acme/"}},
		{"a slash", map[string]any{"ten": "/"}, nil},
		{"a star is a character", map[string]any{"ten": "*"}, []string{"tenant/*"}},
		{"stars", map[string]any{"ten": []string{"**", "ac?e"}}, []string{"tenant/**", "tenant/ac?e"}},
		{"a dot is a character", map[string]any{"ten": []string{"a.me", ".*"}}, []string{"tenant/a.me", "tenant/.*"}},
		{"the prefix is not in the claim", map[string]any{"ten": "tenant/acme"}, nil},
		{"system is no tenant", map[string]any{"ten": "system"}, []string{"tenant/system"}},
		{"steps up are characters", map[string]any{"ten": []string{"../system", "../acme"}}, []string{"tenant/../acme"}},
		{"an expression", map[string]any{"ten": "/acme/"}, []string{"tenant/acme"}},
		{"an expression has to match all", map[string]any{"ten": "/acme-.*/"}, []string{"tenant/acme-eu", "tenant/acme-"}},
		{"an expression that is anchored already", map[string]any{"ten": "/^acme$/"}, []string{"tenant/acme"}},
		{"alternatives", map[string]any{"ten": "/acme|globex/"}, []string{"tenant/acme", "tenant/globex"}},
		{"ignoring case", map[string]any{"ten": "/(?i)acme/"}, []string{"tenant/acme", "tenant/Acme", "tenant/ACME"}},
		{"an expression of nothing", map[string]any{"ten": "//"}, nil},
		{"in a list, too", map[string]any{"ten": []string{"globex", "/acme[2.]/"}}, []string{"tenant/globex", "tenant/acme2", "tenant/acme."}},
		{"quoting left open", map[string]any{"ten": `/\Qacme/`}, []string{"tenant/acme"}},
		{"system", map[string]any{"sys": true}, notTenants},
		{"no system", map[string]any{"sys": false}, nil},
		{"both", map[string]any{"sys": true, "ten": "acme"}, append([]string{"tenant/acme"}, notTenants...)},
	} {
		g, err := v.Verify(t.Context(), s.sign(t, c.claims))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, name := range askedNames {
			if got, want := g.May(name), slices.Contains(c.opens, name); got != want {
				t.Errorf("%s: %q opens: %v, want %v", c.name, name, got, want)
			}
		}
		if g.MayAll() {
			t.Errorf("%s opens everything", c.name)
		}
	}
	for name, claims := range map[string]map[string]any{
		"a number":                      {"ten": 7},
		"true":                          {"ten": true},
		"an object":                     {"ten": map[string]any{"acme": true}},
		"a list with a number":          {"ten": []any{"acme", 7}},
		"a list in a list":              {"ten": []any{[]any{"acme"}}},
		"sys as a text":                 {"sys": "true"},
		"sys as a number":               {"sys": 1},
		"sys as a list":                 {"sys": []any{true}},
		"an expression that is none":    {"ten": "/(/"},
		"out of its group":              {"ten": "/a)|(b/"},
		"a long expression":             {"ten": "/" + strings.Repeat("a", 600) + "/"},
		"an expression that costs much": {"ten": "/(a{1,30}){1,30}/"},
		"many expressions":              {"ten": slices.Repeat([]string{"/a/"}, 17)},
	} {
		if got := reason(t, v, s.sign(t, claims)); got != auth.Malformed {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func FuzzTenantExpression(f *testing.F) {
	f.Add("acme-.*", "acme-eu")
	f.Add(`\Qa`, "a")
	f.Add("a)|(b", "ab")
	f.Add("(?m)^a$", "a\nb")
	f.Fuzz(func(t *testing.T, expr, name string) {
		g, err := (&auth.Claims{Tenants: []string{"/" + expr + "/"}}).Grant()
		if err != nil || g.May("system") || !g.May("tenant/"+name) {
			if err == nil && g.May("system") {
				t.Fatalf("%q opens the system", expr)
			}
			return
		}
		if longest := longestMatch(t, expr, name); longest != len(name) {
			t.Errorf("%q opens %q, of which it matches %d bytes", expr, name, longest)
		}
	})
}
