//go:build !linux

package follow

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

func statFile(f *os.File) (status, error) {
	info, err := f.Stat()
	if err != nil {
		return status{}, err
	}
	return statOf(info), nil
}

func statPath(path string) (status, error) {
	info, err := os.Stat(path)
	if err != nil {
		return status{}, err
	}
	return statOf(info), nil
}

func statOf(info fs.FileInfo) status {
	s := status{size: info.Size(), backed: info.Size(), links: 1, stamp: info.ModTime().UnixNano()}
	if !info.Mode().IsRegular() {
		s.mode = fs.ModeIrregular
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.ID = ID{Dev: uint64(st.Dev), Ino: uint64(st.Ino)}
		s.links = uint64(st.Nlink)
	}
	return s
}

func openDir(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func openIn(*os.File, string) (*os.File, error) { return nil, errors.ErrUnsupported }

func statIn(*os.File, string) (status, error) { return status{}, errors.ErrUnsupported }

func isLink(*os.File, string) bool { return false }
