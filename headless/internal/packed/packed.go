// Package packed packs text, for tests of what unpacks it.
package packed

import (
	"bytes"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Gzip is text as one member of gzip.
func Gzip(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // a Buffer takes all
	_ = w.Close()
	return b.String()
}

// Zstd is text as one frame of zstd.
func Zstd(text string) string {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // of the options alone
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(text), nil))
}
