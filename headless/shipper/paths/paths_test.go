package paths_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"sluice/headless/shipper/paths"
)

// divided is what the holes of a pattern hold, with the other value where there is one.
func divided(t *testing.T, pattern, path string) string {
	t.Helper()
	p, err := paths.Parse(pattern)
	if err != nil {
		t.Fatal(err)
	}
	holes, ok := p.Divide(path)
	if !ok {
		return "none"
	}
	var all []string
	for _, h := range holes {
		text := h.Name + "=" + h.Value
		if h.Other != "" {
			text += " or " + h.Other
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func TestDivide(t *testing.T) {
	for _, tt := range []struct{ pattern, path, want string }{
		{"/var/log/*.log", "/var/log/app.log", ""},
		{"/var/log/*.log", "/var/log/a.b.log", ""},
		{"/var/log/*.log", "/var/log/.hidden.log", "none"},
		{"/var/log/.*.log", "/var/log/.hidden.log", ""},
		{"/var/log/*.log", "/var/log/app.log.1", "none"},
		{"/var/log/*.log", "/var/log/x/app.log", "none"},
		{"/var/log/*/*.log", "/var/log/x/app.log", ""},
		{"/a/[0-9]?.log", "/a/7x.log", ""},
		{"/a/[^0-9].log", "/a/7.log", "none"},
		{`/a/\*.log`, "/a/*.log", ""},
		{`/a/\*.log`, "/a/x.log", "none"},
		{"/srv/{tenant}/{app}.log", "/srv/acme/web.log", "tenant=acme, app=web"},
		{"/srv/{tenant}/{app}.log", "/srv/acme/.log", "none"},
		{"/c/*_{namespace}_{container}-*.log", "/c/web-1_acme_my-app-0123ab.log", "namespace=acme, container=my-app or my"},
		{"/c/*_{namespace}_{container}-{id:[0-9a-f]}.log", "/c/web-1_acme_my-app-0123ab.log", "namespace=acme, container=my-app, id=0123ab"},
		{"/c/{pod}_{namespace}_{c}.log", "/c/a_b_c_d.log", "pod=a_b or a, namespace=c or b, c=d or c_d"},
		{"/srv/{tenant}-{app}.log", "/srv/acme-staging-web.log", "tenant=acme-staging or acme, app=web or staging-web"},
		{"/srv/{tenant:[^-]}-{app}.log", "/srv/acme-staging-web.log", "tenant=acme, app=staging-web"},
		{"/s//./x/*", "/s/x/y", ""},
		{"/a/*{h}*", "/a/xy", "h=xy or y"},
	} {
		if got := divided(t, tt.pattern, tt.path); got != tt.want {
			t.Errorf("%s in %s: %s, expected %s", tt.pattern, tt.path, got, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, why := range map[string]string{
		"": "folder", "/var/log/": "folder", "/a/{": "hole", "/a/{}": "hole", "/a/{x": "hole", "/a/}": "hole", "/a/{x:y}": "hole", "/a/{x:[a]y}": "hole",
		"/a/{x}{x}": "twice", "/a/**/x": "folder", "/a/[": "end", "/a/[]": "empty", "/a/[b-a]": "wrong way", "/a/[/]": "end", `/a/\`: "backslash",
		"/a/../b": "..", "/" + strings.Repeat("*a", 40): "pieces",
	} {
		if _, err := paths.Parse(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, expected something about %q", text, err, why)
		}
	}
}

func TestRelativePattern(t *testing.T) {
	t.Chdir(t.TempDir())
	p, err := paths.Parse("*.log")
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs("app.log")
	if err != nil || !p.Match(here) || p.Match("/app.log") {
		t.Errorf("%s does not match, or another does: %v", here, err)
	}
}

// What a pattern's holes hold, put into the pattern, is the path: no more than the
// stars is left out.
func FuzzDivide(f *testing.F) {
	f.Add("/c/*_{namespace}_{container}-*.log", "/c/web_acme_my-app-01.log")
	f.Add("/{a:[^-]}-{b}/?[x-z]", "/acme-x-y/ay")
	f.Add(`/\{{x}\}/*`, "/{y}/.z")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		if !strings.HasPrefix(pattern, "/") {
			return
		}
		p, err := paths.Parse(pattern)
		if err != nil {
			return
		}
		holes, ok := p.Divide(path)
		if ok != p.Match(path) {
			t.Fatalf("%q in %q: %t", pattern, path, ok)
		}
		if !ok {
			return
		}
		if len(holes) != len(p.Holes()) {
			t.Fatalf("%d holes of %q in %q", len(holes), pattern, path)
		}
		filled := p.String()
		for i, h := range holes {
			if h.Name != p.Holes()[i] || h.Value == "" || h.Value == h.Other || strings.Contains(h.Value, "/") || !strings.Contains(path, h.Value) {
				t.Errorf("%+v of %q in %q", h, pattern, path)
			}
			var quoted strings.Builder
			for _, c := range []byte(h.Value) {
				quoted.WriteByte('\\')
				quoted.WriteByte(c)
			}
			at := strings.Index(filled, "{"+h.Name)
			end := strings.IndexByte(filled[at:], '}')
			if set := strings.IndexByte(filled[at:], '['); strings.HasPrefix(filled[at+1+len(h.Name):], ":") {
				end = set + strings.Index(filled[at+set:], "]}") + 1
				if strings.Contains(filled[at:at+end], `\`) || strings.Count(filled[at:at+end], "]") > 1 {
					return // where its set ends is not told so easily
				}
			}
			filled = filled[:at] + quoted.String() + filled[at+end+1:]
		}
		if len(holes) == 0 || strings.Count(pattern, "{") != len(holes) {
			return
		}
		again, err := paths.Parse(filled)
		if err == nil && !again.Match(path) {
			t.Errorf("%q was filled to %q, which does not match %q", pattern, filled, path)
		}
	})
}

func BenchmarkDivide(b *testing.B) {
	p, err := paths.Parse("/var/log/containers/{pod}_{namespace}_{container}-*.log")
	if err != nil {
		b.Fatal(err)
	}
	path := fmt.Sprintf("/var/log/containers/web-7d4b9c-x2x_acme-production_api-gateway-%064x.log", 7)
	for b.Loop() {
		p.Divide(path)
	}
}
