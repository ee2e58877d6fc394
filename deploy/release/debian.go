package main

import (
	"bytes"
	"crypto/md5" // what dpkg --verify compares
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The scripts of the package: after it was unpacked, before it is removed, and after.
var (
	//go:embed postinst.sh
	postinst []byte
	//go:embed prerm.sh
	prerm []byte
	//go:embed postrm.sh
	postrm []byte
)

// packageTree is what the Debian package installs.
func packageTree(binary string, bom []byte, w *words, date time.Time) (tree, error) {
	t := make(tree)
	if err := t.copy("usr/bin/sluice", binary, 0o755); err != nil {
		return nil, err
	}
	for folder, pattern := range map[string]string{
		"usr/lib/systemd/system":                   "deploy/systemd/*.service",
		"etc/default":                              "deploy/systemd/default/*",
		"usr/share/doc/sluice/docs":                "docs/*.md",
		"usr/share/doc/sluice/examples/prometheus": "deploy/prometheus/*",
		"usr/share/doc/sluice/examples/grafana":    "deploy/grafana/*",
	} {
		if err := t.copyAll(folder, pattern); err != nil {
			return nil, err
		}
	}
	for to, from := range map[string]string{
		"usr/lib/sysusers.d/sluice.conf":    "deploy/systemd/sysusers.conf",
		"usr/lib/tmpfiles.d/sluice.conf":    "deploy/systemd/tmpfiles.conf",
		"usr/share/doc/sluice/copyright":    "LICENSE",
		"usr/share/doc/sluice/README.md":    "README.md",
		"usr/share/doc/sluice/CHANGELOG.md": "CHANGELOG.md",
	} {
		if err := t.copy(to, from, 0o644); err != nil {
			return nil, err
		}
	}
	// What apt-listchanges and people look for there.
	changes, err := zipped(fmt.Appendf(nil, "sluice (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- %s  %s\n",
		debianVersion(w.version), maintainer, date.Format(time.RFC1123Z)))
	if err != nil {
		return nil, err
	}
	t.add("usr/share/doc/sluice/changelog.gz", changes)
	t.add("usr/share/doc/sluice/sbom.cdx.json", bom)
	for name, page := range w.pages {
		packed, err := zipped(page)
		if err != nil {
			return nil, err
		}
		t.add("usr/share/man/man1/"+name+".gz", packed)
	}
	t.add("usr/share/bash-completion/completions/sluice", w.completions["bash"])
	t.add("usr/share/zsh/vendor-completions/_sluice", w.completions["zsh"])
	t.add("usr/share/fish/vendor_completions.d/sluice.fish", w.completions["fish"])
	return t, nil
}

const maintainer = "The Sluice developers <sluice@localhost>"

// control is what dpkg knows of the package. It depends on nothing: the program is
// static, and without systemd it is started by whatever is there.
const control = `Package: sluice
Version: %s
Architecture: %s
Maintainer: ` + maintainer + `
Installed-Size: %d
Section: admin
Priority: optional
Suggests: systemd
Description: live logs of a whole cluster in one terminal
 Applications publish their logs over ZeroMQ, each machine pumps them on from
 memory, and a full-screen client, curl, a browser or any ZeroMQ subscriber
 reads them within milliseconds.
 .
 It has three services, none of which is enabled by itself: sluice-consolidator,
 sluice-collect, sluice-proxy and sluice-archive. Their flags stand in /etc/default.
`

// debianVersion is a version as Debian orders them: v1.2.0 is 1.2.0, what comes before a
// release sorts before it (v1.2.0-rc.1 is 1.2.0~rc.1), and what git describes as some
// commits after a release sorts after it (v1.2.0-5-g0123abc is 1.2.0+5.g0123abc).
func debianVersion(version string) string {
	v := strings.TrimPrefix(version, "v")
	base, rest, more := strings.Cut(v, "-")
	if !more {
		return v
	}
	join := "~"
	if count, hash, two := strings.Cut(rest, "-"); two && strings.HasPrefix(hash, "g") && strings.Trim(count, "0123456789") == "" {
		join = "+"
	}
	return base + join + strings.ReplaceAll(rest, "-", ".")
}

// debianPackage is the package of a tree, for an architecture. An archive of ar has its
// three parts: the version of the format, what dpkg is to know, and the files.
func debianPackage(t tree, version, arch string, date time.Time) ([]byte, error) {
	size := 0
	var sums, configuration bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(t)) {
		size += len(t[name].content)
		fmt.Fprintf(&sums, "%x  %s\n", md5.Sum(t[name].content), name)
		if strings.HasPrefix(name, "etc/") {
			fmt.Fprintf(&configuration, "/%s\n", name)
		}
	}
	about := tree{
		"postinst": {postinst, 0o755},
		"prerm":    {prerm, 0o755},
		"postrm":   {postrm, 0o755},
	}
	about.add("control", fmt.Appendf(nil, control, version, arch, (size+1023)/1024))
	about.add("md5sums", sums.Bytes())
	about.add("conffiles", configuration.Bytes())
	inner, err := about.pack(date)
	if err != nil {
		return nil, err
	}
	data, err := t.pack(date)
	if err != nil {
		return nil, err
	}
	var deb bytes.Buffer
	deb.WriteString("!<arch>\n")
	for _, part := range []struct {
		name    string
		content []byte
	}{{"debian-binary", []byte("2.0\n")}, {"control.tar.gz", inner}, {"data.tar.gz", data}} {
		fmt.Fprintf(&deb, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", part.name, date.Unix(), 0, 0, "100644", len(part.content))
		deb.Write(part.content)
		if len(part.content)%2 == 1 { // each begins at an even place
			deb.WriteByte('\n')
		}
	}
	return deb.Bytes(), nil
}
