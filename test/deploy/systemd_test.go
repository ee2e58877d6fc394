package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/foreign"
)

const units = "../../deploy/systemd"

// systemd finds nothing wrong with the units: no key that it does not know, no program
// that is not there, no unit that they want in vain.
func TestUnitsAreSound(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "systemd")
	root := installed(t)
	folder := filepath.Join(root, "usr/lib/systemd/system")
	args := []string{"verify", "--root=" + root, "--man=no"}
	for _, unit := range files(t, units+"/*.service") {
		args = append(args, filepath.Join(folder, filepath.Base(unit)))
	}
	if out, err := exec.Command("systemd-analyze", args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// installed is a root folder with the units, and what of systemd they stand on.
func installed(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	folder := filepath.Join(root, "usr/lib/systemd/system")
	for _, from := range []string{"/usr/lib/systemd/system/*.target", "/usr/lib/systemd/system/*.slice", units + "/*.service"} {
		for _, name := range files(t, from) {
			install(t, name, filepath.Join(folder, filepath.Base(name)), 0o644)
		}
	}
	install(t, "/bin/true", filepath.Join(root, "usr/bin/sluice"), 0o755)
	return root
}

// systemd's own judgement of how much a service may do beside its work: 10 is all, and
// below 2 is good.
func TestUnitsAreHardened(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "systemd")
	for _, unit := range files(t, units+"/*.service") {
		out, err := exec.Command("systemd-analyze", "security", "--offline=yes", "--threshold=15", "--no-pager", unit).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", filepath.Base(unit), err, out)
		}
	}
}

// The users that the units name are made, and so are the folders of their keys, which
// are readable for each alone.
func TestUsersAndFolders(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "systemd")
	root := t.TempDir()
	write(t, filepath.Join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n")
	write(t, filepath.Join(root, "etc/group"), "root:x:0:\nadm:x:4:\nsystemd-journal:x:999:\n")
	install(t, units+"/sysusers.conf", filepath.Join(root, "usr/lib/sysusers.d/sluice.conf"), 0o644)
	install(t, units+"/tmpfiles.conf", filepath.Join(root, "usr/lib/tmpfiles.d/sluice.conf"), 0o644)
	if out, err := exec.Command("systemd-sysusers", "--root="+root).CombinedOutput(); err != nil {
		t.Fatalf("systemd-sysusers: %v\n%s", err, out)
	}
	users, groups := read(t, filepath.Join(root, "etc/passwd")), read(t, filepath.Join(root, "etc/group"))
	for _, unit := range files(t, units+"/*.service") {
		for line := range strings.Lines(read(t, unit)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			switch key {
			case "User":
				if !strings.Contains(users, "\n"+value+":") {
					t.Errorf("%s: there is no user %s", filepath.Base(unit), value)
				}
			case "Group", "SupplementaryGroups":
				for group := range strings.FieldsSeq(value) {
					if !strings.Contains(groups, "\n"+group+":") {
						t.Errorf("%s: there is no group %s", filepath.Base(unit), group)
					}
				}
			}
		}
	}
	if os.Geteuid() != 0 {
		return // folders are given to their users by root alone
	}
	if out, err := exec.Command("systemd-tmpfiles", "--root="+root, "--create", "sluice.conf").CombinedOutput(); err != nil {
		t.Fatalf("systemd-tmpfiles: %v\n%s", err, out)
	}
	for _, name := range []string{"consolidator", "proxy", "collect", "archive"} {
		info, err := os.Stat(filepath.Join(root, "etc/sluice", name))
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != 0o750 {
			t.Errorf("the keys of %s have the mode %v", name, info.Mode())
		}
	}
}
