//go:build !purego

package curve

import "golang.org/x/sys/cpu"

// haveWide reports whether this processor has what salsa16 needs.
var haveWide = cpu.X86.HasAVX512F

// salsa16 makes sixteen blocks of Salsa20's key stream, one behind the other. They have the
// words of base, but for words 6 to 9 of each, its nonce and its counter, which
// are in lanes.
//
//go:noescape
func salsa16(out *[maxBlocks * blockSize]byte, base *[16]uint32, lanes *[4][16]uint32)
