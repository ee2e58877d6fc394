package shipper

import (
	"path/filepath"
	"sync"

	"github.com/fsnotify/fsnotify"
)

// watcher wakes followers when something changes in the directories of their
// files. Without it they look from time to time.
type watcher struct {
	err  error
	wake []chan struct{} // of each file; capacity 1

	notify *fsnotify.Watcher
	done   sync.WaitGroup
}

// newWatcher watches directories, not files: a file may come and go.
func newWatcher(files []string) *watcher {
	w := &watcher{}
	for range files {
		w.wake = append(w.wake, make(chan struct{}, 1))
	}
	if w.notify, w.err = fsnotify.NewWatcher(); w.err != nil {
		return w
	}
	of := make(map[string][]int) // by directory
	for i, name := range files {
		if name == Stdin {
			continue
		}
		dir := filepath.Dir(name)
		of[dir] = append(of[dir], i)
		if len(of[dir]) == 1 {
			if err := w.notify.Add(dir); err != nil && w.err == nil {
				w.err = err
			}
		}
	}
	w.done.Go(func() {
		for {
			select {
			case event, ok := <-w.notify.Events:
				if !ok {
					return
				}
				for _, i := range of[filepath.Dir(event.Name)] {
					if filepath.Base(files[i]) == filepath.Base(event.Name) {
						w.poke(i)
					}
				}
			case _, ok := <-w.notify.Errors:
				if !ok {
					return
				}
				for i := range w.wake { // events were lost
					w.poke(i)
				}
			}
		}
	})
	return w
}

func (w *watcher) poke(i int) {
	select {
	case w.wake[i] <- struct{}{}:
	default:
	}
}

func (w *watcher) close() {
	if w.notify != nil {
		_ = w.notify.Close()
		w.done.Wait()
	}
}
