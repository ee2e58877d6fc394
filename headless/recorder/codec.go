package recorder

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// codec makes of whole lines what stands in a file.
type codec interface {
	// frame appends lines to dst, as a piece that can be read by itself. What
	// it returns may be plain.
	frame(dst, plain []byte) ([]byte, error)
}

// pieceSize is how many bytes of lines a piece has at most, except for one line
// that is longer. Compressed, such pieces are within 1 % as small as those of a
// mebibyte.
const pieceSize = 256 << 10

// endings are the codecs by the ending of a file's name.
var endings = []struct {
	ending string
	make   func() (codec, error)
}{
	{".gz", newGzip},
	{".zst", newZstd},
}

// codecOf returns the codec that a file's name asks for, and the ending that
// did.
func codecOf(name string) (codec, string, error) {
	for _, e := range endings {
		if strings.HasSuffix(name, e.ending) {
			c, err := e.make()
			return c, e.ending, err
		}
	}
	switch ending := filepath.Ext(name); strings.ToLower(ending) {
	case ".bz2", ".xz", ".lz4", ".lzma", ".br", ".zip", ".7z", ".z", ".tgz", ".gzip", ".zstd", ".gz", ".zst": // and not plain under such a name
		return nil, "", fmt.Errorf("name %q: nothing is compressed as %s: let it end in .gz or .zst", name, ending)
	}
	return plain{}, "", nil
}

// plain leaves lines as they are.
type plain struct{}

func (plain) frame(_, plain []byte) ([]byte, error) { return plain, nil }

// gzipped makes each piece a member of its own; gzip -d reads them one after
// the other.
type gzipped struct {
	w   *gzip.Writer
	out appender
}

// appender is a Writer into memory.
type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

func newGzip() (codec, error) {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("make gzip: %w", err)
	}
	return &gzipped{w: w}, nil
}

func (g *gzipped) frame(dst, plain []byte) ([]byte, error) {
	g.out.b = dst
	g.w.Reset(&g.out)
	if _, err := g.w.Write(plain); err != nil {
		return dst, fmt.Errorf("compress: %w", err)
	}
	if err := g.w.Close(); err != nil {
		return dst, fmt.Errorf("compress: %w", err)
	}
	out := g.out.b
	g.out.b = nil
	return out, nil
}

// zstandard makes each piece a frame of its own; zstd -d reads them one after
// the other.
type zstandard struct{ enc *zstd.Encoder }

func newZstd() (codec, error) {
	enc, err := zstd.NewWriter(
		nil,
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(pieceSize),
		zstd.WithZeroFrames(true),
	)
	if err != nil {
		return nil, fmt.Errorf("make zstd: %w", err)
	}
	return zstandard{enc}, nil
}

func (z zstandard) frame(dst, plain []byte) ([]byte, error) {
	return z.enc.EncodeAll(plain, dst), nil
}
