package stream_test

import (
	"bytes"
	"fmt"
	"testing"

	"sluice/cluster/block"
	"sluice/cluster/stream"
)

// Records of 240 bytes in blocks of 1 MiB, as they are read from a consolidator: so
// many at a time as stand together of one stream.
func BenchmarkPutIn(b *testing.B) {
	const size = 240
	pool := block.NewPool(1 << 20)
	for _, run := range []int{4, 40, 4000} {
		b.Run(fmt.Sprint(run, " at a time"), func(b *testing.B) {
			in := stream.NewHandover(0)
			recs := make([]stream.Record, run)
			data := bytes.Repeat([]byte{'x'}, size)
			b.SetBytes(size)
			b.ReportAllocs()
			for done := 0; done < b.N; {
				held := pool.Get()
				for at := 0; at+run*size <= len(held.Bytes); done += run {
					for i := range recs {
						recs[i] = stream.Record{Stream: "s", Data: held.Bytes[at : at+copy(held.Bytes[at:], data)]}
						at += size
					}
					if err := in.PutIn(b.Context(), held, recs, nil); err != nil {
						b.Fatal(err)
					}
				}
				held.Release()
				in.TryTake().Release()
			}
		})
	}
}
