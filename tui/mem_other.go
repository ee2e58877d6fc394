//go:build !linux && !darwin && !freebsd

package tui

func allocate(size int) []byte { return make([]byte, size) }

func release([]byte) {}
