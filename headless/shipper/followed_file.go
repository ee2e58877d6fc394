package shipper

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"sluice/headless/shipper/follow"
	"sluice/headless/unpack"
)

// followedFile is a file that is followed.
type followedFile struct {
	*pipeline
	*follow.File
	at    int64     // what was read of it, in this life
	limit int64     // up to which it is read in this pass
	grew  time.Time // when something came last
	calm  bool      // it is left alone in this pass
}

// followable says why an open file cannot be followed.
func followable(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	switch format := formatOf(file); {
	case info.Mode()&fs.ModeNamedPipe != 0:
		return errors.New("it is a pipe: read it without --follow")
	case !info.Mode().IsRegular():
		return errors.New("it is no regular file")
	case !format.Text():
		return fmt.Errorf("it is %s: read it without --follow", format)
	}
	return nil
}

// formatOf is what a file is now.
func formatOf(f *os.File) unpack.Format {
	var head [unpack.DetectSize]byte
	n, _ := f.ReadAt(head[:], 0)
	return unpack.Detect(head[:n])
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
	if o.split.Holes.InHole() {
		skipped := o.SkipHole(o.limit)
		o.split.Holes.Skip(skipped)
		o.at += skipped
	}
	n, err := o.Read(o.split.Space(), o.limit)
	if n > 0 {
		o.grew = time.Now()
		o.at += int64(n)
	}
	return n, err
}

// took publishes what was read.
func (o *followedFile) took(n int) error {
	o.clock(o.grew)
	return o.split.Took(n)
}

// published is how far the file is published: the offset behind the last line
// that is in a record, or blank.
func (o *followedFile) published() int64 {
	return o.at - o.split.Pending() - o.held()
}
