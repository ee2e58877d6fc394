package replay

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is the most of a zstd frame that must be kept to read it, in bytes:
// what stock zstd reads without --long.
const maxWindow = 128 << 20

// format is how a file is packed.
type format uint8

const (
	plain format = iota
	gzipped
	zstandard
)

// formatOf recognises the format by how a file begins.
func formatOf(head []byte) format {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzipped
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstandard
	case len(head) >= 4 && head[0]&0xf0 == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18:
		return zstandard // it begins with a frame to be skipped, as pzstd writes
	}
	return plain
}

// unpack returns what is in a file, and the format that it has.
func unpack(in io.Reader) (io.ReadCloser, format, error) {
	packed := bufio.NewReaderSize(in, 64<<10)
	// What cannot be read shows when it is: a short file is no error here.
	head, _ := packed.Peek(4)
	switch f := formatOf(head); f {
	case gzipped:
		r, err := gzip.NewReader(packed)
		if err != nil {
			return nil, f, atEnd(err)
		}
		return &gunzip{r}, f, nil
	case zstandard:
		r, err := zstd.NewReader(packed, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, f, err
		}
		return &unzstd{r}, f, nil
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = packed.Discard(3) // a byte order mark; it was peeked at
	}
	return io.NopCloser(packed), plain, nil
}

// gunzip reads gzip, of several members too.
type gunzip struct{ *gzip.Reader }

func (g *gunzip) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	return n, atEnd(err)
}

// unzstd reads zstd, of several frames too.
type unzstd struct{ *zstd.Decoder }

func (u *unzstd) Read(p []byte) (int, error) {
	n, err := u.Decoder.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		err = errors.New("its window is larger than 128 MiB: unpack it with zstd -d --long=31")
	}
	return n, atEnd(err)
}

func (u *unzstd) Close() error {
	u.Decoder.Close()
	return nil
}

// atEnd replaces an error that misleads at the end of a gzip member.
func atEnd(err error) error {
	if errors.Is(err, gzip.ErrHeader) {
		return errors.New("what follows is no gzip")
	}
	return err
}
