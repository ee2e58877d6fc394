package unpack

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is the most of a stream that must be kept to read it, in bytes: what
// stock zstd reads without --long.
const maxWindow = 128 << 20

// gunzip reads gzip, of several members too.
type gunzip struct {
	in     *bufio.Reader
	member *gzip.Reader
}

func newGunzip(in *bufio.Reader) (io.ReadCloser, error) {
	member, err := gzip.NewReader(in)
	if err != nil {
		return nil, cutShort(err)
	}
	member.Multistream(false)
	return &gunzip{in, member}, nil
}

func (g *gunzip) Read(p []byte) (int, error) {
	for {
		n, err := g.member.Read(p)
		if errors.Is(err, io.EOF) {
			if err = g.next(); err == nil && n == 0 {
				continue
			}
		}
		if n > 0 && errors.Is(err, io.EOF) {
			err = nil // it comes again
		}
		return n, err
	}
}

// next goes to the next member; io.EOF when there is none.
func (g *gunzip) next() error {
	if err := skipZeros(g.in); err != nil {
		return err
	}
	head, err := g.in.Peek(2)
	switch {
	case len(head) == 1 && head[0] == 0x1f:
		return io.ErrUnexpectedEOF
	case string(head) != "\x1f\x8b":
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return errors.New("what follows its gzip is no gzip")
	}
	err = g.member.Reset(g.in)
	g.member.Multistream(false)
	return cutShort(err)
}

func (g *gunzip) Close() error { return g.member.Close() }

// cutShort is the error of a head that is not whole.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// skipZeros passes over zero bytes, with which tapes and disks fill blocks. It
// returns the error that comes behind them, io.EOF at the end.
func skipZeros(in *bufio.Reader) error {
	for {
		if _, err := in.Peek(1); err != nil {
			return err
		}
		some, _ := in.Peek(in.Buffered())
		n := zeros(some)
		_, _ = in.Discard(n)
		if n < len(some) {
			return nil
		}
	}
}

// tracked is an input whose last bytes are known.
type tracked struct {
	*bufio.Reader
	last [4]byte
}

func (t *tracked) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	if n >= len(t.last) {
		copy(t.last[:], p[n-len(t.last):])
	} else {
		copy(t.last[:], t.last[n:])
		copy(t.last[len(t.last)-n:], p[:n])
	}
	return n, err
}

func (t *tracked) ReadByte() (byte, error) {
	b, err := t.Reader.ReadByte()
	if err == nil {
		copy(t.last[:], t.last[1:])
		t.last[len(t.last)-1] = b
	}
	return b, err
}

// padding reports whether nothing but zeros comes from its last so many bytes on. A
// decoder has read those, and found that they begin nothing.
func (t *tracked) padding(n int) bool {
	return zeros(t.last[len(t.last)-n:]) == n && errors.Is(skipZeros(t.Reader), io.EOF)
}

// unzstd reads zstd, of several frames too.
type unzstd struct {
	*zstd.Decoder
	in *tracked
}

func newUnzstd(in *bufio.Reader) (io.ReadCloser, error) {
	t := &tracked{Reader: in}
	d, err := zstd.NewReader(t, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &unzstd{d, t}, nil
}

func (u *unzstd) Read(p []byte) (int, error) {
	n, err := u.Decoder.Read(p)
	switch {
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		err = errors.New("its window is larger than 128 MiB: unpack it with zstd -d --long=31")
	case errors.Is(err, zstd.ErrMagicMismatch) && u.in.padding(4):
		err = io.EOF
	case errors.Is(err, zstd.ErrMagicMismatch):
		err = errors.New("what follows its zstd is no zstd")
	}
	return n, err
}

func (u *unzstd) Close() error {
	u.Decoder.Close()
	return nil
}

// bunzip reads bzip2, of several streams too.
type bunzip struct {
	io.Reader
	in *tracked
}

func newBunzip(in *bufio.Reader) (io.ReadCloser, error) {
	t := &tracked{Reader: in}
	return &bunzip{bzip2.NewReader(t), t}, nil
}

func (b *bunzip) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	var broken bzip2.StructuralError
	if errors.As(err, &broken) && broken == "bad magic value in continuation file" {
		err = errors.New("what follows its bzip2 is no bzip2")
		if b.in.padding(2) {
			err = io.EOF
		}
	}
	return n, err
}

func (b *bunzip) Close() error { return nil }
