package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sluice/headless/shipper/paths"
)

// scanEvery is how often the directories of patterns are looked at besides being
// notified.
const scanEvery = 10 * time.Second

// glob is a directory in which entries can be a part of a pattern.
type glob struct {
	pattern *paths.Pattern
	depth   int    // which part its entries are
	path    string // by which the directory was reached
}

// add follows a name more, from the next look at it on.
func (n *Names) add(path string, found bool) *Name {
	m := &Name{of: n, path: path, found: found, stale: true, moved: true, wake: make(chan struct{}, 1)}
	n.again = true
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names = append(n.names, m)
	n.byPath[path] = m
	if n.fresh = append(n.fresh, m); found {
		select {
		case n.came <- struct{}{}:
		default:
		}
	}
	return m
}

// Came gets something when Found has something.
func (n *Names) Came() <-chan struct{} { return n.came }

// Found returns the names that are followed since the last time: first those of
// Config.Names, in their order.
func (n *Names) Found() []*Name {
	n.mu.Lock()
	defer n.mu.Unlock()
	fresh := n.fresh
	n.fresh = nil
	return fresh
}

// Troubles returns why directories of patterns cannot be read, each once for as long
// as it is so.
func (n *Names) Troubles() []error {
	n.mu.Lock()
	defer n.mu.Unlock()
	troubles := n.troubles
	n.troubles = nil
	return troubles
}

// scan looks for names in all directories of the patterns.
func (n *Names) scan() {
	n.rescan, n.scanned = false, time.Now()
	for _, p := range n.cfg.Patterns {
		n.scanDir(glob{pattern: p, path: "/"})
	}
}

// findPast follows the names of the last time that match a pattern: files that had
// them may have others now, or be gone.
func (n *Names) findPast() {
	for _, p := range n.cfg.Past {
		matches := func(pattern *paths.Pattern) bool { return pattern.Match(p.Name) }
		if !p.Told && n.byPath[p.Name] == nil && slices.ContainsFunc(n.cfg.Patterns, matches) {
			n.add(p.Name, true)
		}
	}
}

// scanDir watches a directory, and looks for names in it.
func (n *Names) scanDir(g glob) {
	var watched error
	if n.inotify != nil {
		var d *dir
		if d, _, watched = n.watchDir(g.path); watched == nil && !slices.Contains(d.globs, g) {
			d.globs = append(d.globs, g)
		}
	}
	if entry, ok := g.pattern.Literal(g.depth); ok {
		if info, err := os.Lstat(filepath.Join(g.path, entry)); err == nil {
			n.enter(g, entry, info.IsDir())
		}
		n.trouble(g.path, watched)
		return
	}
	entries, err := os.ReadDir(g.path)
	if n.trouble(g.path, errors.Join(watched, err)); err != nil {
		return
	}
	for _, e := range entries {
		if g.pattern.Matches(g.depth, e.Name()) {
			n.enter(g, e.Name(), e.IsDir())
		}
	}
}

// enter takes an entry that matches.
func (n *Names) enter(g glob, entry string, isDir bool) {
	path := filepath.Join(g.path, entry)
	last := g.depth+1 == g.pattern.Depth()
	switch {
	case last && !isDir && n.byPath[path] == nil:
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return // a link to one
		}
		m := n.add(path, true)
		if n.inotify != nil {
			n.watchRoute(m) // so that the change that told of it is its first
		}
	case !last && (isDir || isDirectory(path)):
		n.scanDir(glob{g.pattern, g.depth + 1, path})
	}
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// trouble notes why a directory cannot be read, or that it can.
func (n *Names) trouble(path string, err error) {
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, errCrowded) {
		delete(n.troubled, path)
		return
	}
	if n.troubled[path] == err.Error() {
		return
	}
	n.troubled[path] = err.Error()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.troubles = append(n.troubles, fmt.Errorf("look for files in %q: %w", path, reason(err)))
}

// reason is an error without the operation and the path.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// globbed takes a change in a directory of patterns.
func (n *Names) globbed(d *dir, c change) {
	for _, g := range slices.Clone(d.globs) {
		if g.pattern.Matches(g.depth, c.entry) {
			n.enter(g, c.entry, c.isDir)
		}
	}
}

// forgetDone forgets the names whose readers have done with them and that nothing
// has.
func (n *Names) forgetDone() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names = slices.DeleteFunc(n.names, func(m *Name) bool {
		if !m.done {
			return false
		}
		m.done = false
		busy := m.current != nil || len(m.tenures)+len(m.spares)+len(m.queue) > 0
		for _, f := range n.files {
			busy = busy || f.owner == m
		}
		if _, err := os.Lstat(m.path); busy || !errors.Is(err, fs.ErrNotExist) {
			return false
		}
		n.displace(m)
		for _, r := range n.retired {
			if r.owner == m {
				n.unretire(r.id)
			}
		}
		delete(n.byPath, m.path)
		m.gone.Store(true)
		m.poke()
		return true
	})
}
