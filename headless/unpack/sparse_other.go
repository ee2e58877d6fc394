//go:build !linux

package unpack

import "os"

// NextData is where a file has data, from a place on; here nobody knows.
func NextData(_ *os.File, from, _ int64) int64 { return from }
