package deploy_test

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/foreign"
	"sluice/internal/volume"
)

const stampedCommit = "0123456789abcdef0123456789abcdef01234567"

// A release is the same bytes, whoever builds it: in another folder, time zone and
// umask, and some time later. It has what it is to have.
func TestReleaseIsReproducible(t *testing.T) {
	volume.Check(t)
	here := releaseFrom(t, "../..", "umask 022", "TZ=UTC", "HOME="+t.TempDir())
	there := releaseFrom(t, copyOfSource(t), "umask 077", "TZ=Asia/Tokyo", "LANG=C")
	sums := read(t, filepath.Join(here, "SHA256SUMS"))
	if others := read(t, filepath.Join(there, "SHA256SUMS")); sums != others {
		t.Errorf("one has the checksums\n%sand the other\n%s", sums, others)
	}
	check := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = here
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
	names := []string{"sluice-v1.2.0-rc.1-linux-amd64.tar.gz", "sluice-v1.2.0-rc.1-linux-amd64.cdx.json", "sluice_1.2.0~rc.1_amd64.deb"}
	if volume.IsLong() { // the others take minutes
		names = append(names, "sluice_1.2.0~rc.1_arm64.deb", "sluice-v1.2.0-rc.1-darwin-arm64.tar.gz", "sluice-v1.2.0-rc.1-darwin-arm64.cdx.json")
	}
	for _, name := range names {
		if !strings.Contains(sums, "  "+name+"\n") {
			t.Errorf("there is no %s among\n%s", name, sums)
		}
	}
	t.Run("archive", func(t *testing.T) { checkArchive(t, here) })
	t.Run("package", func(t *testing.T) { checkPackage(t, here) })
	t.Run("installation", func(t *testing.T) { checkInstallation(t, here) })
	t.Run("bill of materials", func(t *testing.T) { checkBill(t, here) })
}

// releaseFrom builds a release of the source in a folder.
func releaseFrom(t *testing.T, source, before string, env ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "dist")
	platforms := "linux/amd64"
	if volume.IsLong() {
		platforms += ",linux/arm64,darwin/arm64"
	}
	cmd := exec.Command("sh", "-c", before+` && exec go run ./deploy/release "$@"`, "sh", "-out", out, "-version", "v1.2.0-rc.1",
		"-commit", stampedCommit, "-date", "2026-03-01T12:00:00+01:00", "-platforms", platforms)
	cmd.Dir = source
	cache, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		t.Fatal(err)
	}
	places := strings.Fields(string(cache))
	cmd.Env = append(append(os.Environ(), "GOCACHE="+places[0], "GOMODCACHE="+places[1], "GOPATH="+places[2], "GOFLAGS=-buildvcs=false"), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("release: %v\n%s", err, text)
	}
	return out
}

// copyOfSource is a copy of what git knows of this repository, and of what is new.
func copyOfSource(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	list := `git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c 'for f; do test ! -e "$f" || echo "$f"; done' sh`
	cmd := exec.Command("sh", "-c", list+` | tar -c --files-from=- | tar -x -C "$1"`, "sh", to)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("copy the source: %v\n%s", err, out)
	}
	return to
}

// checkArchive checks what is in the archive for Linux: a static program that says which
// it is and knows no path of this machine, its pages and its completions.
func checkArchive(t *testing.T, dist string) {
	dir := t.TempDir()
	unpack := exec.Command("tar", "-xzf", filepath.Join(dist, "sluice-v1.2.0-rc.1-linux-amd64.tar.gz"), "-C", dir)
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dir = filepath.Join(dir, "sluice-v1.2.0-rc.1-linux-amd64")
	for _, name := range []string{
		"LICENSE", "README.md", "docs/operations.md", "man/sluice.1", "man/sluice-proxy.1", "completions/sluice.bash", "completions/_sluice",
		"completions/sluice.fish", "deploy/systemd/sluice-consolidator.service", "deploy/systemd/default/sluice-proxy", "deploy/prometheus/alerts.yml",
		"deploy/grafana/sluice.json", "deploy/kubernetes/kustomization.yaml",
	} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("it has no %s: %v", name, err)
		}
	}
	program := filepath.Join(dir, "sluice")
	said := output(t, program, "version")
	if want := "sluice v1.2.0-rc.1 (commit 0123456789ab of 2026-03-01T11:00:00Z)"; !strings.HasPrefix(said, want) {
		t.Errorf("the program is %q, want %q", said, want)
	}
	binary, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	for _, p := range binary.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the program is not static")
		}
	}
	folder, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains([]byte(read(t, program)), []byte(folder+"/")) {
		t.Errorf("the program has %s in it", folder)
	}
}

// checkPackage checks the Debian package: dpkg reads it, everything is root's, what is
// configuration is known as such, and no two files are of different dates.
func checkPackage(t *testing.T, dist string) {
	foreign.Need(t, "dpkg")
	deb := filepath.Join(dist, "sluice_1.2.0~rc.1_amd64.deb")
	for field, want := range map[string]string{"Package": "sluice", "Version": "1.2.0~rc.1", "Architecture": "amd64"} {
		if have := strings.TrimSpace(output(t, "dpkg-deb", "--field", deb, field)); have != want {
			t.Errorf("%s is %q, want %q", field, have, want)
		}
	}
	for line := range strings.Lines(output(t, "dpkg-deb", "--contents", deb)) {
		if !strings.Contains(line, " root/root ") || !strings.Contains(line, " 2026-03-01 ") {
			t.Errorf("it has %s", line)
		}
	}
	root, about := t.TempDir(), t.TempDir()
	output(t, "dpkg-deb", "--extract", deb, root)
	output(t, "dpkg-deb", "--control", deb, about)
	for _, name := range strings.Fields(read(t, filepath.Join(about, "conffiles"))) {
		read(t, filepath.Join(root, name))
	}
	verify := exec.Command("md5sum", "--check", "--quiet", "--strict", filepath.Join(about, "md5sums"))
	verify.Dir = root
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("md5sum: %v\n%s", err, out)
	}
	for _, script := range []string{"postinst", "prerm", "postrm"} {
		if info, err := os.Stat(filepath.Join(about, script)); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v, %v", script, info, err)
		}
		output(t, "sh", "-n", filepath.Join(about, script))
	}
	for _, name := range []string{
		"usr/lib/systemd/system/sluice-consolidator.service", "usr/lib/sysusers.d/sluice.conf", "usr/lib/tmpfiles.d/sluice.conf",
		"usr/share/man/man1/sluice.1.gz", "usr/share/bash-completion/completions/sluice", "usr/share/doc/sluice/copyright",
	} {
		read(t, filepath.Join(root, name))
	}
	if said := output(t, filepath.Join(root, "usr/bin/sluice"), "version"); !strings.HasPrefix(said, "sluice v1.2.0-rc.1 ") {
		t.Errorf("the program is %q", said)
	}
	if foreign.Missing("systemd") == "" { // the units find their program
		args := []string{"verify", "--root=" + root, "--man=no"}
		for _, from := range []string{"/usr/lib/systemd/system/*.target", "/usr/lib/systemd/system/*.slice"} {
			for _, name := range files(t, from) {
				install(t, name, filepath.Join(root, "usr/lib/systemd/system", filepath.Base(name)), 0o644)
			}
		}
		args = append(args, files(t, filepath.Join(root, "usr/lib/systemd/system/sluice-*.service"))...)
		if out, err := exec.Command("systemd-analyze", args...).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("systemd-analyze verify: %v\n%s", err, out)
		}
	}
}

// checkInstallation has dpkg install, upgrade, remove and purge the package. What an
// administrator has changed survives an upgrade and a removal.
func checkInstallation(t *testing.T, dist string) {
	foreign.Need(t, "dpkg")
	cmd := exec.Command("unshare", "--mount", "sh", "testdata/install.sh", filepath.Join(dist, "sluice_1.2.0~rc.1_amd64.deb"), t.TempDir())
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 77 || os.Geteuid() != 0 {
		t.Skipf("no copy of this machine's file system can be made: %v\n%s", err, out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"\nsluice v1.2.0-rc.1 (", "\nsluice-consolidator:x:", "\nsluice-proxy:x:", "\n# mine\n",
		"\n/etc/sluice/consolidator 750 root sluice-consolidator\n", "\n/etc/sluice/proxy 750 root sluice-proxy\n",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not in what it says:\n%s", want, out)
		}
	}
}

// checkBill compares the bill of materials with what the Go command says that the
// program is made of.
func checkBill(t *testing.T, dist string) {
	var bill struct {
		BOMFormat, SpecVersion string
		Metadata               struct {
			Timestamp string
			Component struct{ Name, Version string }
		}
		Components []struct{ Name, Version, PURL string }
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(dist, "sluice-v1.2.0-rc.1-linux-amd64.cdx.json"))), &bill); err != nil {
		t.Fatal(err)
	}
	if bill.BOMFormat != "CycloneDX" || bill.Metadata.Timestamp != "2026-03-01T11:00:00Z" || bill.Metadata.Component.Version != "v1.2.0-rc.1" {
		t.Errorf("it is %+v", bill.Metadata)
	}
	listed := make(map[string]bool)
	for _, c := range bill.Components {
		listed[c.Name+" "+c.Version] = true
		if !strings.HasPrefix(c.PURL, "pkg:golang/"+c.Name+"@") {
			t.Errorf("%s has the address %q", c.Name, c.PURL)
		}
	}
	dir := t.TempDir()
	output(t, "tar", "-xzf", filepath.Join(dist, "sluice-v1.2.0-rc.1-linux-amd64.tar.gz"), "-C", dir)
	n := 0
	for line := range strings.Lines(output(t, "go", "version", "-m", filepath.Join(dir, "sluice-v1.2.0-rc.1-linux-amd64/sluice"))) {
		words := strings.Fields(line)
		if words[0] != "dep" {
			continue
		}
		n++
		if !listed[words[1]+" "+words[2]] {
			t.Errorf("it does not list %s %s", words[1], words[2])
		}
	}
	if n < 20 || len(listed) != n+1 { // and Go's standard library
		t.Errorf("it lists %d parts; the program is made of %d modules", len(listed), n)
	}
}
