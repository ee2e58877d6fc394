package shipper

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"sluice/headless/shipper/follow"
)

// followedFile is a file that is followed.
type followedFile struct {
	*pipeline
	*follow.File
	at    int64     // what was read of it, in this life
	limit int64     // up to which it is read in this pass
	grew  time.Time // when something came last
	holes bool      // nothing but NULs came since its beginning: a writer goes on where it was before a truncation
}

// followable says why an open file cannot be followed.
func followable(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	switch tool := packer(file); {
	case info.Mode()&fs.ModeNamedPipe != 0:
		return errors.New("it is a pipe: read it without --follow")
	case !info.Mode().IsRegular():
		return errors.New("it is no regular file")
	case tool != "":
		return fmt.Errorf("it is compressed: pipe it in with %s -dc", tool)
	}
	return nil
}

// cause is an error without the operation and the name.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// once reads once, up to the limit.
func (o *followedFile) once() (int, error) {
	if o.at == 0 {
		o.holes = true
	}
	n, err := o.Read(o.split.space(), o.limit)
	if n > 0 {
		o.grew = time.Now()
		o.at += int64(n)
	}
	return n, err
}

// took publishes what was read.
func (o *followedFile) took(n int) error {
	o.sink.now = o.grew
	if o.holes {
		space := o.split.space()
		text := bytes.TrimLeft(space[:n], "\x00")
		if len(text) == 0 {
			return nil
		}
		o.holes = false
		n = copy(space, text)
	}
	return o.split.took(n)
}

// published is how far the file is published: the offset behind the last line
// that is in a record, or blank.
func (o *followedFile) published() int64 {
	return o.at - o.split.pending() - o.sink.held
}
