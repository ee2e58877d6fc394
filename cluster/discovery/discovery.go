// Package discovery finds the consolidators of a cluster.
//
// # Contract
//
// A [Finder] reports the whole set that it knows, again after every change, and
// never an empty one because something failed: a consolidator that was known
// stays known until it is certain that it is gone.
package discovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Finder finds consolidators.
type Finder interface {
	// Find calls found with the endpoints where consolidators serve readers:
	// at once if it knows them, and after every change. It blocks until ctx
	// ends, and returns nil then.
	Find(ctx context.Context, found func(endpoints []string)) error
}

// static is a list that does not change.
type static []string

// Static returns a Finder of a list that does not change. Each may stand in it
// once.
func Static(endpoints []string) (Finder, error) {
	if len(endpoints) == 0 {
		return nil, errors.New("no consolidators: name at least one, as tcp://HOST:5552")
	}
	var s static
	for _, e := range endpoints {
		if slices.Contains(s, e) {
			return nil, fmt.Errorf("consolidator %q is named twice", e)
		}
		s = append(s, e)
	}
	return s, nil
}

// Find calls found once.
func (s static) Find(ctx context.Context, found func([]string)) error {
	found(slices.Clone(s))
	<-ctx.Done()
	return nil
}
