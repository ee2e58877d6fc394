package discovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// The times of a cache.
const (
	cachePatience = time.Second // how long the place may take to answer before the cache does
	cacheEvery    = time.Minute // how often it is written, so that its age is right
)

// cached is a Finder whose last set is kept in a file.
type cached struct {
	of       Finder
	path     string
	log      *slog.Logger
	patience time.Duration
	every    time.Duration
}

// Cached returns a Finder that keeps in a file what another one has found, and begins with
// that, when the other one does not answer: Trouble says then how old it is. A file that
// cannot be written or read is said once in the log.
func Cached(of Finder, path string, log *slog.Logger) Finder {
	return &cached{of: of, path: path, log: log, patience: cachePatience, every: cacheEvery}
}

func (c *cached) Place() Place { return c.of.Place() }

// kept is what stands in the file.
type kept struct {
	Version       int       `json:"v"`
	Saved         time.Time `json:"saved"`
	Place         string    `json:"place"`
	Consolidators []entry   `json:"consolidators"`
}

type entry struct {
	Name      string `json:"name,omitempty"`
	Subscribe string `json:"subscribe"`
	Key       string `json:"key,omitempty"`
}

// Find finds as the other one does.
func (c *cached) Find(ctx context.Context, found func(Found)) error {
	ctx, cancel := context.WithCancel(ctx)
	var (
		mu    sync.Mutex
		now   Found // as the other one said
		old   *kept // what stands in for it; nil while that is not needed
		asked bool  // the file was looked into
		wrong string
	)
	// answer tells what is known. mu is held.
	answer := func() {
		f := now.Clone()
		if !now.Known && old != nil {
			f = old.found(now.Trouble, time.Now())
		}
		found(f)
	}
	// standIn begins with the file. mu is held.
	standIn := func() {
		if asked || now.Known {
			return
		}
		asked = true
		read, err := c.read()
		switch {
		case err == nil:
			old = read
			c.log.Warn("consolidators are those that were known before", "place", c.Place().String(), "file", c.path, "age", age(read.Saved, time.Now()), "consolidators", len(read.Consolidators))
		case !errors.Is(err, fs.ErrNotExist):
			c.log.Warn("what was known of consolidators before cannot be used", "error", err)
		}
	}
	// save writes the file. mu is held.
	save := func() {
		if !now.Known || now.Trouble != "" || len(now.Consolidators) == 0 {
			return
		}
		err := c.write(now.Consolidators)
		if text := fmt.Sprint(err); err != nil && text != wrong {
			c.log.Warn("consolidators cannot be kept for the next start", "error", err)
			wrong = text
		} else if err == nil {
			wrong = ""
		}
	}
	late := time.AfterFunc(c.patience, func() {
		mu.Lock()
		defer mu.Unlock()
		if standIn(); old != nil && !now.Known && ctx.Err() == nil {
			answer()
		}
	})
	defer late.Stop()
	var keeping sync.WaitGroup
	defer keeping.Wait()
	defer cancel()
	keeping.Go(func() {
		tick := time.NewTicker(c.every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				mu.Lock()
				save()
				mu.Unlock()
			}
		}
	})
	return c.of.Find(ctx, func(f Found) {
		mu.Lock()
		defer mu.Unlock()
		now = f
		if !f.Known && f.Trouble != "" {
			standIn()
		}
		answer()
		save()
	})
}

// found is what the file says, while the place says what the trouble is.
func (k *kept) found(trouble string, now time.Time) Found {
	if trouble == "" {
		trouble = "no answer yet"
	}
	f := Found{Known: true, Trouble: fmt.Sprintf("%s; those of %s ago are read", trouble, age(k.Saved, now))}
	for _, e := range k.Consolidators {
		f.Consolidators = append(f.Consolidators, Consolidator(e))
	}
	return f
}

// age is how old something is, roughly.
func age(since, now time.Time) string {
	d := max(now.Sub(since), 0)
	if d >= time.Hour {
		return d.Round(time.Minute).String()
	}
	return d.Round(time.Second).String()
}

// read reads the file. What it says of another place is not used.
func (c *cached) read() (*kept, error) {
	text, err := readFile(c.path)
	if err != nil {
		if _, stat := os.Stat(c.path); errors.Is(stat, fs.ErrNotExist) {
			err = stat
		}
		return nil, err
	}
	return parseKept([]byte(text), c.path, c.Place())
}

func parseKept(text []byte, path string, place Place) (*kept, error) {
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, fmt.Errorf("%s: %w: remove it", path, err)
	}
	switch {
	case k.Version != 1:
		return nil, fmt.Errorf("%s is of version %d, and not 1: remove it", path, k.Version)
	case k.Place != place.String():
		return nil, fmt.Errorf("%s is about %.80q, and not %q: name another file with --discovery-cache, or remove it", path, k.Place, place.String())
	case len(k.Consolidators) == 0 || len(k.Consolidators) > Max:
		return nil, fmt.Errorf("%s has %d consolidators: remove it", path, len(k.Consolidators))
	}
	for _, e := range k.Consolidators {
		if err := Check(Consolidator(e)); err != nil {
			return nil, fmt.Errorf("%s: %w: remove it", path, err)
		}
	}
	return &k, nil
}

// write replaces the file at once.
func (c *cached) write(list []Consolidator) error {
	k := kept{Version: 1, Saved: time.Now().UTC().Truncate(time.Second), Place: c.Place().String()}
	for _, one := range sorted(list) {
		k.Consolidators = append(k.Consolidators, entry(one))
	}
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	dir := filepath.Dir(c.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(c.path)+".*")
	if err != nil {
		return unsaved(c.path, err)
	}
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Sync() // or a machine that loses its power may have the name without the text
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), c.path)
	}
	if err != nil {
		os.Remove(f.Name())
		return unsaved(c.path, err)
	}
	return nil
}

// unsaved is the error of writing a file, without the name of the temporary one, which is
// another one each time.
func unsaved(path string, err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err
	}
	return fmt.Errorf("save %q: %w", path, err)
}
