package version

import (
	"runtime/debug"
	"strings"
	"testing"
)

const hash = "0123456789abcdef0123456789abcdef01234567"

func TestVersion(t *testing.T) {
	built := func(version string, settings ...string) *debug.BuildInfo {
		b := &debug.BuildInfo{Main: debug.Module{Version: version}}
		for i := 0; i < len(settings); i += 2 {
			b.Settings = append(b.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
		}
		return b
	}
	for _, tt := range []struct {
		name    string
		build   *debug.BuildInfo
		linked  linked
		version string
		origin  string
	}{
		{"nothing is known", nil, linked{}, "development", "commit unknown"},
		{"without a repository", built("(devel)"), linked{}, "development", "commit unknown"},
		{"an installed release", built("v1.2.0"), linked{}, "v1.2.0", "commit unknown"},
		{
			"by the Go command", built("v1.2.0+dirty", "vcs.revision", hash, "vcs.time", "2026-03-01T12:00:00Z", "vcs.modified", "true"),
			linked{},
			"v1.2.0+dirty", "commit 0123456789ab of 2026-03-01T12:00:00Z, with changes",
		},
		{
			"by the linker, which is right", built("v0.1.0", "vcs.revision", strings.Repeat("f", 40), "vcs.time", "2020-03-01T12:00:00Z"),
			linked{"v1.3.0", hash, "2026-03-01T13:00:00+01:00", ""},
			"v1.3.0", "commit 0123456789ab of 2026-03-01T12:00:00Z",
		},
		{
			"a commit without a version", built("(devel)"),
			linked{"", hash, "2026-03-01T12:00:00Z", "true"},
			"v0.0.0-20260301120000-0123456789ab+dirty", "commit 0123456789ab of 2026-03-01T12:00:00Z, with changes",
		},
		{"a date that is none", nil, linked{"", "abc", "yesterday", ""}, "development", "commit abc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := of(tt.build, tt.linked)
			if got.Version != tt.version || got.Origin() != tt.origin {
				t.Errorf("got %q, %q; want %q, %q", got.Version, got.Origin(), tt.version, tt.origin)
			}
			if text := got.String(); !strings.HasPrefix(text, tt.version+" ("+tt.origin+") ") {
				t.Errorf("text is %q", text)
			}
		})
	}
}
