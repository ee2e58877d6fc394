package curve

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	//lint:ignore SA1019 what is compared with
	"golang.org/x/crypto/salsa20/salsa"
)

// What is made at once is the key stream that x/crypto makes, for any keys, nonces and
// counters.
func TestWideIsSalsa20(t *testing.T) {
	if !haveWide {
		return // and nothing uses it
	}
	random := rand.NewChaCha8([32]byte{1})
	for range 200 {
		var d direction
		_, _ = random.Read(d.key[:])
		w := d.newWide()
		var nonces, from [maxBlocks]uint64
		for i := range maxBlocks {
			nonces[i], from[i] = random.Uint64(), random.Uint64()>>(random.Uint64()%64)
			w.add(nonces[i], from[i], 1)
		}
		w.make()
		for i := range maxBlocks {
			var counter [16]byte
			binary.BigEndian.PutUint64(counter[:], nonces[i])
			binary.LittleEndian.PutUint64(counter[8:], from[i])
			want := make([]byte, blockSize)
			salsa.XORKeyStream(want, want, &counter, &d.key)
			if got := w.stream[i*blockSize : (i+1)*blockSize]; !bytes.Equal(got, want) {
				t.Fatalf("block %d: %x, want %x", i, got, want)
			}
		}
		long, want := make([]byte, random.Uint64()%5000), make([]byte, 5000)
		_, _ = random.Read(long)
		got := make([]byte, len(long))
		w.xor(got, long, nonces[0])
		var counter [16]byte
		binary.BigEndian.PutUint64(counter[:], nonces[0])
		salsa.XORKeyStream(want[:len(long)], long, &counter, &d.key)
		if !bytes.Equal(got, want[:len(long)]) {
			t.Fatalf("%d bytes are different", len(long))
		}
		w.release()
	}
}

func BenchmarkWide(b *testing.B) {
	if !haveWide {
		return
	}
	var d direction
	w := d.newWide()
	b.SetBytes(maxBlocks * blockSize)
	for b.Loop() {
		w.add(1, 0, maxBlocks)
		w.make()
	}
}

func BenchmarkSSE(b *testing.B) {
	var d direction
	buf := make([]byte, 1024)
	b.SetBytes(1024)
	for b.Loop() {
		d.stream(buf, buf, 1)
	}
}

func BenchmarkSSE273(b *testing.B) {
	var d direction
	buf := make([]byte, 273)
	for b.Loop() {
		d.stream(buf, buf, 1)
	}
}

func BenchmarkSSE43(b *testing.B) {
	var d direction
	buf := make([]byte, 43)
	for b.Loop() {
		d.stream(buf, buf, 1)
	}
}
