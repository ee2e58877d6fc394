package batch

import (
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// encoder is shared: as many batches are compressed at once as there are processors, and
// each holds about 1 MiB meanwhile.
var encoder = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(
		nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithAllLitEntropyCompression(true), zstd.WithSingleSegment(true),
		zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithLowerEncoderMem(true),
	)
	if err != nil {
		panic(err) // options that do not go together
	}
	return e
})

// decoder is shared: as many batches are decompressed at once as there are processors.
var decoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(
		nil, zstd.WithDecoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithDecoderMaxMemory(MaxRaw), zstd.WithDecoderLowmem(true),
	)
	if err != nil {
		panic(err) // options that do not go together
	}
	return d
})
