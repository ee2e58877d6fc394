// Package smalldisk gives a test a disk of its own that is small, and full when the test
// wants it: a tmpfs in a mount namespace that nobody else sees, reached through the
// process that holds it. It needs Linux; elsewhere its tests skip.
package smalldisk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"sluice/internal/foreign"
)

// Disk is one disk.
type Disk struct {
	Dir    string // its root, where files may be
	filler string
}

// New returns a disk of so many KiB. It ends with the test.
func New(t testing.TB, kib int) *Disk {
	t.Helper()
	foreign.Need(t, "a tmpfs")
	at := t.TempDir()
	// It ends with the test's process, whatever happens to that: then its input is closed.
	holder := exec.Command("unshare", foreign.Unshare("sh", "-c",
		`mount -t tmpfs -o size="$1k" none "$2" && echo && exec cat`, "sh", fmt.Sprint(kib), at)...)
	holder.Stderr = os.Stderr
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = holder.Wait()
	})
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatalf("mount a tmpfs: %v", err)
	}
	dir := filepath.Join(fmt.Sprintf("/proc/%d/root", holder.Process.Pid), at)
	return &Disk{Dir: dir, filler: filepath.Join(dir, ".filler")}
}

// Fill leaves no byte free.
func (d *Disk) Fill(t testing.TB) {
	t.Helper()
	f, err := os.OpenFile(d.filler, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for b := make([]byte, 4<<10); ; {
		if _, err := f.Write(b); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// Free makes room again.
func (d *Disk) Free(t testing.TB) {
	t.Helper()
	if err := os.Remove(d.filler); err != nil {
		t.Fatal(err)
	}
}
