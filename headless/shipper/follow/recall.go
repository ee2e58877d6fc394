package follow

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// recall opens the files that had a name when following ended the last time and
// have another one of the same directory now: they are read to their end before
// the one that has the name.
func (n *Names) recall(m *name) {
	var wanted []Place
	here, _ := statPath(m.path)
	for _, p := range n.cfg.Past {
		if p.Name == m.path && p.ID != here.ID {
			wanted = append(wanted, p)
		}
	}
	if len(wanted) == 0 {
		return
	}
	found := make(map[ID]string)
	real, err := filepath.EvalSymlinks(m.path)
	if err != nil {
		real = m.path
	}
	entries, err := os.ReadDir(filepath.Dir(real))
	for _, e := range entries {
		path := filepath.Join(filepath.Dir(real), e.Name())
		if s, err := statPath(path); err == nil && slices.ContainsFunc(wanted, func(p Place) bool { return p.ID == s.ID }) {
			found[s.ID] = path
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range wanted {
		var f *File
		err := err
		if path, there := found[p.ID]; there {
			var file *os.File
			if file, err = os.Open(path); err == nil {
				f, err = n.examine(m, file, nil)
			}
		} else if err == nil {
			err = errors.New("it is not there under another name")
		}
		switch {
		case err == nil && f.id == p.ID:
			n.admit(m, f, nil, false)
		case !p.Done:
			m.arrive(Arrival{Kind: Unfound, Place: p, Err: err})
		}
	}
}
