//go:build !amd64 || purego

package curve

// haveWide reports whether there is a salsa16 here.
const haveWide = false

func salsa16(*[maxBlocks * blockSize]byte, *[16]uint32, *[4][16]uint32) { panic("there is no salsa16") }
