package tui

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// compression is what a file is written through by the ending of its path: .gz and
// .zst compress; any other ending that stands for a compression is refused, rather than
// given to plain text.
func compression(path string) (func(io.Writer) (io.WriteCloser, error), error) {
	switch ending := filepath.Ext(path); ending {
	case ".gz":
		return func(out io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(out, gzip.BestSpeed) }, nil
	case ".zst":
		return func(out io.Writer) (io.WriteCloser, error) {
			return zstd.NewWriter(out, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true))
		}, nil
	default:
		switch strings.ToLower(ending) {
		case ".bz2", ".xz", ".lz4", ".lzma", ".br", ".zip", ".7z", ".z", ".tgz", ".gzip", ".zstd", ".gz", ".zst":
			return nil, fmt.Errorf("nothing is compressed as %s: let the name end in .gz or .zst", ending)
		}
	}
	return func(out io.Writer) (io.WriteCloser, error) { return notCompressed{out}, nil }, nil
}

// notCompressed hands on what is written.
type notCompressed struct{ io.Writer }

func (notCompressed) Close() error { return nil }
