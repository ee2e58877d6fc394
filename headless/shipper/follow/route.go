package follow

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// step is an entry of a directory that a name depends on.
type step struct {
	dir   string // without links
	entry string
	leaf  bool // what has this name is the file, or a link to it
}

// maxLinks is how many symbolic links are followed on the way to a file.
const maxLinks = 40

// route is all entries of directories that decide what an absolute path leads
// to, as far as they are there: its folders, its links, those that the links
// lead over, and what is named last.
func route(path string) (steps []step) {
	dir := "/"
	rest := split(path)
	links := 0
	for len(rest) > 0 {
		entry := rest[0]
		rest = rest[1:]
		if entry == ".." {
			dir = filepath.Dir(dir)
			continue
		}
		at := filepath.Join(dir, entry)
		s := step{dir: dir, entry: entry, leaf: len(rest) == 0}
		if !slices.Contains(steps, s) {
			steps = append(steps, s)
		}
		info, err := os.Lstat(at)
		switch {
		case err != nil:
			return steps
		case info.Mode()&os.ModeSymlink == 0:
			dir = at
			continue
		}
		target, err := os.Readlink(at)
		if links++; err != nil || links > maxLinks {
			return steps
		}
		if filepath.IsAbs(target) {
			dir = "/"
		}
		rest = append(split(target), rest...)
	}
	return steps
}

// split returns the parts of a path.
func split(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return s == "" || s == "." })
}
