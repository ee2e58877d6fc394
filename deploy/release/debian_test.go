package main

import (
	"os/exec"
	"testing"

	"sluice/internal/foreign"
)

// Versions become Debian's, in which they have the same order.
func TestDebianVersion(t *testing.T) {
	t.Parallel()
	versions := []struct{ version, want string }{
		{"v0.0.0-20260301120000-0123456789ab", "0.0.0~20260301120000.0123456789ab"},
		{"v0.0.0-20260302120000-00a3456789ab", "0.0.0~20260302120000.00a3456789ab"},
		{"v1.1.9", "1.1.9"},
		{"v1.2.0-rc.1", "1.2.0~rc.1"},
		{"v1.2.0-rc.2", "1.2.0~rc.2"},
		{"v1.2.0", "1.2.0"},
		{"v1.2.0-5-g0123abc", "1.2.0+5.g0123abc"},
		{"v1.2.0-12-gabc0123", "1.2.0+12.gabc0123"},
		{"v1.2.1", "1.2.1"},
		{"v1.10.0", "1.10.0"},
	}
	there, err := foreign.Have("dpkg", t.Name())
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range versions {
		if have := debianVersion(v.version); have != v.want {
			t.Errorf("%s is %s, want %s", v.version, have, v.want)
		}
		if i == 0 || !there {
			continue
		}
		before := versions[i-1].want
		if out, err := exec.Command("dpkg", "--compare-versions", before, "lt", v.want).CombinedOutput(); err != nil {
			t.Errorf("%s is not before %s: %v %s", before, v.want, err, out)
		}
	}
}

// SOURCE_DATE_EPOCH is the date of the files, and what cannot be a date is refused.
func TestDates(t *testing.T) {
	t.Parallel()
	var r release
	if err := r.dated("2026-03-01T12:00:00+01:00", ""); err != nil || r.filed.Unix() != 1772362800 || r.date != r.filed {
		t.Errorf("%v: %v and %v", err, r.date, r.filed)
	}
	if err := r.dated("2026-03-01T12:00:00+01:00", "86400"); err != nil || r.filed.Unix() != 86400 || r.date.Unix() != 1772362800 {
		t.Errorf("%v: %v and %v", err, r.date, r.filed)
	}
	if r.dated("yesterday", "") == nil || r.dated("2026-03-01T12:00:00Z", "soon") == nil {
		t.Error("it takes what is no date")
	}
}
