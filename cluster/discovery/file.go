package discovery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// fileEvery is how often a file is read again. It is compared by what is in it, so that
// it does not matter how it is replaced: by a rename, through a symbolic link, as a
// mounted ConfigMap, or on a network's disk.
const fileEvery = 500 * time.Millisecond

// file is a list in a file.
type file struct {
	path  string
	every time.Duration
}

// File returns a Finder of the consolidators that a file lists: one a line, its endpoint
// for readers, then perhaps name=NAME and key=KEY; # begins a comment. What is changed in
// it counts within a second or two; a file that is missing, or wrong, changes nothing, and is
// Trouble. The error is about the path.
func File(path string) (Finder, error) {
	if path == "" {
		return nil, errors.New("no file of consolidators is named")
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a directory: name a file that lists consolidators, one a line, as tcp://HOST:5552", path)
	}
	return &file{path: path, every: fileEvery}, nil
}

func (f *file) Place() Place { return Place{Name: "file", Address: f.path} }

// Find reads the file, and reads it again and again. What is new is taken when it is
// found a second time, since a file may be read while it is being written.
func (f *file) Find(ctx context.Context, found func(Found)) error {
	var now Found
	var taken, seen string // what was in it
	tick := time.NewTicker(f.every)
	defer tick.Stop()
	for first := true; ; first = false {
		text, err := readFile(f.path)
		next := now
		next.Trouble = ""
		switch {
		case err != nil:
			next.Trouble = err.Error()
		case text == taken && now.Known:
		case text != seen && !first:
			next.Trouble = now.Trouble // until it has settled
		default:
			list, err := parseFile(text)
			if err != nil {
				next.Trouble = fmt.Sprintf("%s: %v; what was read before it stays", f.path, err)
				if !now.Known {
					next.Trouble = fmt.Sprintf("%s: %v", f.path, err)
				}
				break
			}
			next.Consolidators, next.Known, taken = list, true, text
		}
		seen = text
		if first || !next.Equal(now) {
			now = next
			found(now.Clone())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// readFile reads a whole file of a bounded size.
func readFile(path string) (string, error) {
	info, err := os.Stat(path) // before it is opened, which a pipe makes wait
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s is not there: it is waited for", path)
	case err == nil && !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is no regular file", path)
	case err != nil:
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return string(text), err
}
