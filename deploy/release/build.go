package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// build builds the program for a platform: static, with no path of this machine in it.
func (r *release) build(to, system, arch string) error {
	const pkg = "sluice/cluster/version"
	stamp := fmt.Sprintf("-s -w -buildid= -X %[1]s.version=%[2]s -X %[1]s.commit=%[3]s -X %[1]s.date=%[4]s",
		pkg, r.version, r.commit, r.date.Format(time.RFC3339))
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", stamp, "-o", to, "sluice")
	// What changes a program is the same for all who build it.
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// words is what the program says of itself.
type words struct {
	version     string            // such as v1.2.0
	pages       map[string][]byte // manual pages, by their names
	completions map[string][]byte // by the name of the shell
}

// describe asks the program, built for this machine.
func (r *release) describe(work string) (*words, error) {
	binary := filepath.Join(work, "sluice")
	if err := r.build(binary, runtime.GOOS, runtime.GOARCH); err != nil {
		return nil, err
	}
	ask := func(args ...string) ([]byte, error) {
		var complaint bytes.Buffer
		cmd := exec.Command(binary, args...)
		cmd.Stderr = &complaint
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("sluice %s: %w: %s", strings.Join(args, " "), err, complaint.Bytes())
		}
		return out, nil
	}
	line, err := ask("version")
	if err != nil {
		return nil, err
	}
	said := strings.Fields(string(line))
	if len(said) < 2 || said[1] == "development" {
		return nil, fmt.Errorf("the program does not know its version, but says %q: give -version, or -commit", line)
	}
	w := &words{version: said[1], pages: make(map[string][]byte), completions: make(map[string][]byte)}
	pages := filepath.Join(work, "man")
	if _, err := ask("man", "--out", pages); err != nil {
		return nil, err
	}
	files, err := os.ReadDir(pages)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if w.pages[f.Name()], err = os.ReadFile(filepath.Join(pages, f.Name())); err != nil {
			return nil, err
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if w.completions[shell], err = ask("completion", shell); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// sum writes the checksums of all files of a folder, as sha256sum --check reads them.
func sum(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), f.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), sums.Bytes(), 0o644)
}
