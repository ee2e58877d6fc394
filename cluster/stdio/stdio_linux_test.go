package stdio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ends are both ends of what may block.
type ends struct{ in, out *os.File }

func pipe(t *testing.T) ends {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return closed(t, in, out)
}

func socket(t *testing.T) ends {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	return closed(t, os.NewFile(uintptr(fds[0]), "in"), os.NewFile(uintptr(fds[1]), "out"))
}

func terminal(t *testing.T) ends {
	t.Helper()
	in, out, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := unix.IoctlGetTermios(int(out.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	raw.Oflag &^= unix.OPOST
	if err := unix.IoctlSetTermios(int(out.Fd()), unix.TCSETS, raw); err != nil {
		t.Fatal(err)
	}
	return closed(t, in, out)
}

func closed(t *testing.T, in, out *os.File) ends {
	out.Fd() // makes writes block, as those to standard output do
	t.Cleanup(func() { in.Close(); out.Close() })
	return ends{in, out}
}

func refuse(*os.File) (*os.File, error) { return nil, os.ErrPermission }

// writers are all ways to write.
var writers = []struct {
	name   string
	open   func(*testing.T) ends
	reopen func(*os.File) (*os.File, error)
}{
	{"pipe", pipe, reopen},
	{"pipe that cannot be opened again", pipe, refuse},
	{"socket", socket, reopen},
	{"terminal", terminal, reopen},
}

// What is written arrives, all of it, however slowly it is read; and a
// write without a reader is an error.
func TestWrites(t *testing.T) {
	signalPipe()
	for _, tt := range writers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := tt.open(t)
			w := newWriter(t.Context(), e.out, tt.reopen)
			defer w.Close()
			data := make([]byte, 1<<20+7)
			for i := range data {
				data[i] = byte(rand.N(200) + 32)
			}
			read := make(chan []byte, 1)
			go func() {
				got := make([]byte, len(data))
				n, _ := io.ReadFull(e.in, got)
				read <- got[:n]
			}()
			if n, err := w.Write(data); n != len(data) || err != nil {
				t.Errorf("Write returns %d, %v", n, err)
			}
			if got := <-read; !bytes.Equal(got, data) {
				t.Errorf("%d of %d bytes arrived as they were", len(got), len(data))
			}
			e.in.Close()
			if _, err := w.Write(data); err == nil || errors.Is(err, ErrStalled) {
				t.Errorf("with no reader Write returns %v", err)
			}
		})
	}
}

// signalPipe has a write to a pipe without a reader return its error, as main
// does.
func signalPipe() { signal.Ignore(syscall.SIGPIPE) }

// A write that is not read ends when the context has, and returns how much was
// taken, to the byte. The mode of the file is as it was.
func TestStalls(t *testing.T) {
	for _, tt := range writers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := tt.open(t)
			before := flags(t, e.out)
			ctx, cancel := context.WithCancel(t.Context())
			w := newWriter(ctx, e.out, tt.reopen)
			defer w.Close()
			type result struct {
				n   int
				err error
			}
			wrote := make(chan result, 1)
			go func() {
				total := 0
				for {
					n, err := w.Write(bytes.Repeat([]byte("0123456789abcdef"), 1<<12))
					total += n
					if err != nil {
						wrote <- result{total, err}
						return
					}
				}
			}()
			cancel()
			r := <-wrote
			if !errors.Is(r.err, ErrStalled) {
				t.Fatalf("Write returns %d, %v", r.n, r.err)
			}
			if n, err := w.Write([]byte("x")); n != 0 || !errors.Is(err, ErrStalled) {
				t.Errorf("the next Write returns %d, %v", n, err)
			}
			if after := flags(t, e.out); after != before {
				t.Errorf("the file's flags are %#x, and were %#x", after, before)
			}
			w.Close()
			_ = e.in.SetReadDeadline(time.Now().Add(time.Minute))
			got := make([]byte, r.n)
			if n, err := io.ReadFull(e.in, got); err != nil {
				t.Errorf("%d of %d bytes can be read: %v", n, r.n, err)
			}
			e.out.Close()
			if rest, _ := io.ReadAll(e.in); len(rest) > 0 {
				t.Errorf("%d bytes more than %d were written", len(rest), r.n)
			}
		})
	}
}

// What is always ready is written at once and directly, whatever the context
// says: a file of a disk, and /dev/null.
func TestAlwaysReady(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "out"), os.DevNull} {
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w := newWriter(ctx, f, reopen)
		defer w.Close()
		if n, err := w.Write([]byte("whole")); n != 5 || err != nil || w.own != nil || w.bell != nil {
			t.Errorf("Write to %s returns %d, %v", name, n, err)
		}
	}
}

// Waiting ends by what comes, by the end of the input, after its time, and with
// its context; and takes nothing.
func TestReads(t *testing.T) {
	for _, open := range []func(*testing.T) ends{pipe, socket} {
		e := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		w, err := NewReader(ctx, e.in)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if w.Wait(0) || w.Wait(10*time.Millisecond) {
			t.Error("there is nothing to be read")
		}
		time.AfterFunc(10*time.Millisecond, func() { _, _ = e.out.WriteString("x") })
		if !w.Wait(-1) || !w.Wait(0) {
			t.Error("there is something to be read")
		}
		var b [8]byte
		if n, err := w.Read(b[:]); n != 1 || err != nil {
			t.Errorf("Read returns %d, %v", n, err)
		}
		time.AfterFunc(10*time.Millisecond, cancel)
		if n, err := w.Read(b[:]); n != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("when the context ends, Read returns %d, %v", n, err)
		}
		if w.Wait(-1) {
			t.Error("the context has ended")
		}
		e.out.Close()
		if w.Wait(-1) {
			t.Error("the context has ended, whatever can be read")
		}
		again, err := NewReader(t.Context(), e.in)
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if n, err := again.Read(b[:]); n != 0 || err != io.EOF {
			t.Errorf("at the end Read returns %d, %v", n, err)
		}
	}
}

func flags(t *testing.T, f *os.File) (flags int) {
	t.Helper()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if fault := raw.Control(func(fd uintptr) { flags, err = unix.FcntlInt(fd, unix.F_GETFL, 0) }); fault != nil || err != nil {
		t.Fatal(fault, err)
	}
	return flags
}
