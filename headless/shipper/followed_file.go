package shipper

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// printSize is how many bytes a file is recognised by.
const printSize = 64

// followedFile is a file that is followed.
type followedFile struct {
	*pipeline
	file   *os.File
	offset int64
	print  [printSize]byte // the last bytes before offset
	has    int             // how many of them there are
	grew   time.Time
	holes  bool // it was truncated under a writer that goes on where it was: NULs come first
}

// openFollowed opens a file that can be followed.
func openFollowed(name string) (*os.File, error) {
	// Opened so, a pipe without a writer is not waited for.
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		switch tool := packer(file); {
		case info.Mode()&fs.ModeNamedPipe != 0:
			err = errors.New("it is a pipe: read it without --follow")
		case !info.Mode().IsRegular():
			err = errors.New("it is no regular file")
		case tool != "":
			err = fmt.Errorf("it is compressed: pipe it in with %s -dc", tool)
		}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// cause is an error without the operation and the name.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// once reads once.
func (f *followedFile) once() (int, error) {
	space := f.split.space()
	n, err := f.file.Read(space)
	if n == 0 {
		return 0, err
	}
	f.grew = time.Now()
	f.offset += int64(n)
	f.remember(space[:n])
	if f.holes {
		text := bytes.TrimLeft(space[:n], "\x00")
		if len(text) == 0 {
			return n, nil
		}
		f.holes = false
		copy(space, text)
		f.sink.now = f.grew
		return n, f.split.took(len(text))
	}
	f.sink.now = f.grew
	return n, f.split.took(n)
}

// remember keeps the last bytes that were read.
func (f *followedFile) remember(data []byte) {
	if len(data) >= printSize {
		f.has = copy(f.print[:], data[len(data)-printSize:])
		return
	}
	keep := min(f.has, printSize-len(data))
	copy(f.print[:], f.print[f.has-keep:f.has])
	f.has = keep + copy(f.print[keep:], data)
}

// changed reports whether the file no longer is what was read of it.
func (f *followedFile) changed() bool {
	info, err := f.file.Stat()
	if err != nil {
		return false
	}
	if info.Size() < f.offset {
		return true
	}
	var now [printSize]byte
	n, err := f.file.ReadAt(now[:f.has], f.offset-int64(f.has))
	return err == nil && !bytes.Equal(now[:n], f.print[:f.has])
}
