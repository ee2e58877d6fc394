package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// programs is the folder of the programs that tests build, each once.
var programs string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if programs, err = os.MkdirTemp("", "sluice"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(programs)
		return m.Run()
	}())
}

var this = sync.OnceValue(func() error { return build("../..", "this") })

// built is this program.
func built(t *testing.T) string {
	t.Helper()
	if err := this(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(programs, "this")
}

var theOlder = sync.OnceValues(func() (ref string, err error) {
	if ref = older(); ref != "" {
		err = buildCommit(ref)
	}
	return ref, err
})

// builtBefore is an older program: the last release, or the commit some time ago.
func builtBefore(t *testing.T) string {
	t.Helper()
	ref, err := theOlder()
	if err != nil {
		t.Fatal(err)
	}
	if ref == "" {
		t.Skipf("NOT TESTED: there is no release and no HEAD~%d here, since the repository is not, or not wholly, here", before)
	}
	t.Logf("the older program is that of %s", ref)
	return filepath.Join(programs, ref)
}

// buildCommit builds the program of a commit under its name.
func buildCommit(ref string) error {
	source, err := os.MkdirTemp(programs, "source")
	if err != nil {
		return err
	}
	archive := exec.Command("sh", "-c", `git -C "$(git rev-parse --show-toplevel)" archive "$1" | tar -x -C "$2"`, "sh", ref, source)
	if out, err := archive.CombinedOutput(); err != nil {
		return fmt.Errorf("take %s out of the repository: %w\n%s", ref, err, out)
	}
	return build(source, ref)
}

// build builds the program of a source under a name.
func build(source, name string) error {
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(programs, name), ".")
	cmd.Dir = source
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", source, err, out)
	}
	return nil
}

// scratch is a folder that an unprivileged process may enter.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sluice")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
