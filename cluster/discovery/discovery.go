package discovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/cluster/names"
	"sluice/cluster/zmtp"
)

// Max is how many consolidators a cluster may have.
const Max = 1024

// Consolidator is one consolidator of the cluster.
type Consolidator struct {
	Name      string // how it calls itself; empty where only the consolidator knows
	Subscribe string // its endpoint for readers
	Key       string // its CURVE public key, in Z85; empty if it is not known
}

// Finder finds consolidators.
type Finder interface {
	// Find calls found at once, and after every change. It blocks until ctx ends,
	// and returns nil then.
	Find(ctx context.Context, found func(Found)) error
	// Place is where it looks. Of a list it is empty.
	Place() Place
}

// Place is where consolidators are found.
type Place struct {
	Name    string // in a word, as "etcd"
	Address string // which one
}

func (p Place) String() string { return strings.TrimSpace(p.Name + " " + p.Address) }

// Found is what a Finder knows.
type Found struct {
	Consolidators []Consolidator // the whole set, as it was seen last
	// Known is whether it has been seen at all: otherwise it is still looked for.
	Known bool
	// Partial says that a consolidator which is not in the set any more may be a part
	// of the cluster all the same, as an address that is not in this answer of DNS.
	Partial bool
	// Trouble is why the set cannot be had just now, for people; empty when it is as
	// fresh as it can be.
	Trouble string
}

// Check reports what is wrong with a consolidator that was read from anywhere.
func Check(c Consolidator) error {
	if len(c.Subscribe) > maxEndpoint {
		return fmt.Errorf("the endpoint has %d bytes: want at most %d", len(c.Subscribe), maxEndpoint)
	}
	if err := names.Check(c.Subscribe); err != nil {
		return fmt.Errorf("endpoint %q: %w", c.Subscribe, err)
	}
	if _, err := zmtp.ParseEndpoint(c.Subscribe); err != nil {
		return err
	}
	if c.Name != "" {
		if err := names.Check(c.Name); err != nil {
			return fmt.Errorf("name %.40q: %w", c.Name, err)
		}
	}
	return checkKey(c.Key)
}

// maxEndpoint is the longest endpoint, in bytes: that of a stream's name, so that one
// can stand for a consolidator's name.
const maxEndpoint = names.Max

// The characters of Z85, ZeroMQ's RFC 32, and how many of them 32 bytes are.
const (
	z85        = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
	keyLetters = 40
)

func checkKey(key string) error {
	if key == "" {
		return nil
	}
	if len(key) != keyLetters || strings.Trim(key, z85) != "" {
		return fmt.Errorf("key %.40q is no public key: want the %d characters of Z85 that \"sluice keygen\" writes into NAME.pub", key, keyLetters)
	}
	return nil
}

// static is a list that does not change.
type static []Consolidator

// Static returns a Finder of a list that does not change. Each endpoint may stand in it
// once.
func Static(list []Consolidator) (Finder, error) {
	if len(list) == 0 {
		return nil, errors.New("no consolidators: name at least one, as tcp://HOST:5552")
	}
	for i, c := range list {
		if err := Check(c); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(list[:i], func(other Consolidator) bool { return other.Subscribe == c.Subscribe }) {
			return nil, fmt.Errorf("consolidator %q is named twice", c.Subscribe)
		}
	}
	return static(slices.Clone(list)), nil
}

// At are the consolidators at these endpoints, of which nothing else is known.
func At(endpoints ...string) []Consolidator {
	var list []Consolidator
	for _, e := range endpoints {
		list = append(list, Consolidator{Subscribe: e})
	}
	return list
}

// Find calls found once.
func (s static) Find(ctx context.Context, found func(Found)) error {
	found(Found{Consolidators: slices.Clone(s), Known: true})
	<-ctx.Done()
	return nil
}

func (static) Place() Place { return Place{} }
