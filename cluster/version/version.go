// Package version is which sluice this is: its version, and the commit that it was
// built from, as the linker or the Go command noted them in the program.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// What the linker sets, as `make build` and releases do (-ldflags -X). What is
// empty is looked up in what the Go command noted.
var (
	version string // such as v1.2.0
	commit  string // its hash
	date    string // when it was made, RFC 3339
	dirty   string // "true": what was built differs from it
)

// Info is which program this is.
type Info struct {
	Version  string    // the release's, or a pseudo-version as Go has them; "development" when nothing is known
	Commit   string    // "" when unknown
	Date     time.Time // of the commit; zero when unknown
	Modified bool      // it was built from more than the commit
}

// Get is which program this is.
func Get() Info {
	build, _ := debug.ReadBuildInfo()
	return of(build, linked{version, commit, date, dirty})
}

// linked is what the linker was told.
type linked struct{ version, commit, date, dirty string }

// of is Get with all that it goes by; build may be nil.
func of(build *debug.BuildInfo, l linked) Info {
	i := Info{Version: l.version, Commit: l.commit, Modified: l.dirty == "true"}
	i.Date, _ = time.Parse(time.RFC3339, l.date)
	if build != nil {
		if v := build.Main.Version; i.Version == "" && v != "(devel)" {
			i.Version = v
		}
		if i.Commit == "" {
			for _, s := range build.Settings {
				switch s.Key {
				case "vcs.revision":
					i.Commit = s.Value
				case "vcs.time":
					i.Date, _ = time.Parse(time.RFC3339, s.Value)
				case "vcs.modified":
					i.Modified = s.Value == "true"
				}
			}
		}
	}
	i.Date = i.Date.UTC()
	if i.Version == "" {
		i.Version = i.pseudo()
	}
	return i
}

// shortCommit is how much of a hash people need.
const shortCommit = 12

func (i Info) short() string { return i.Commit[:min(len(i.Commit), shortCommit)] }

// pseudo is the version of a commit that has none, as the Go command makes it.
func (i Info) pseudo() string {
	if i.Commit == "" || i.Date.IsZero() {
		return "development"
	}
	v := "v0.0.0-" + i.Date.Format("20060102150405") + "-" + i.short()
	if i.Modified {
		v += "+dirty"
	}
	return v
}

// Origin is the commit and its date for people, such as "commit 0123456789ab of
// 2026-03-01T12:00:00Z".
func (i Info) Origin() string {
	var b strings.Builder
	if i.Commit == "" {
		return "commit unknown"
	}
	b.WriteString("commit " + i.short())
	if !i.Date.IsZero() {
		b.WriteString(" of " + i.Date.Format(time.RFC3339))
	}
	if i.Modified {
		b.WriteString(", with changes")
	}
	return b.String()
}

// String is all of it, and what it runs on: one line.
func (i Info) String() string {
	return fmt.Sprintf("%s (%s) %s/%s %s", i.Version, i.Origin(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}
