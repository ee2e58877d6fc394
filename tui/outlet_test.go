package tui_test

import (
	"bytes"
	"os"
	"syscall"
	"testing"

	"sluice/tui"
)

// Before the process is stopped, what restores the terminal must be there: drain
// returns when the terminal has everything, and not before.
func TestAnOutletIsDrained(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	o := tui.NewOutlet(w)
	defer o.End()
	fd := int(r.Fd()) // lets it block
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for i := range 1000 {
		want := bytes.Repeat([]byte{byte(i)}, 1+i)
		if n, err := o.Write(want); n != len(want) || err != nil {
			t.Fatalf("Write returned %d, %v", n, err)
		}
		o.Drain()
		if n, err := syscall.Read(fd, buf); err != nil || !bytes.Equal(buf[:n], want) {
			t.Fatalf("%d bytes of %d are there after Drain has returned: %v", n, len(want), err)
		}
	}
	// A terminal that takes nothing is not waited for for ever.
	if _, err := o.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	o.Drain()
	r.Close()
}
