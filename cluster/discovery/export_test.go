package discovery

import "time"

// Quick has a Finder of a file, of DNS or with a cache look again within milliseconds, and
// wait for no longer than the patience.
func Quick(f Finder, patience time.Duration) Finder {
	switch f := f.(type) {
	case *file:
		f.every = 10 * time.Millisecond
	case *dns:
		f.every, f.soon, f.late, f.timeout = 10*time.Millisecond, 10*time.Millisecond, patience, 2*patience
	case *cached:
		f.every, f.patience = 10*time.Millisecond, patience
	}
	return f
}

// ParseFile reads a list.
func ParseFile(text string) ([]Consolidator, error) { return parseFile(text) }

// ParseKept reads what a cache keeps.
func ParseKept(text []byte, place Place) ([]Consolidator, error) {
	k, err := parseKept(text, "cache", place)
	if err != nil {
		return nil, err
	}
	return k.found("", time.Now()).Consolidators, nil
}
