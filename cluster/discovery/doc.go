// Package discovery finds the consolidators of a cluster: in a list that is given
// ([Static]), in a file ([File]), by DNS ([DNS]), or in etcd (package etcd below, so
// that whoever does not want its client need not compile it).
//
// # Contract
//
// A [Finder] reports the whole set that it knows, again after every change, and
// never an empty one because something failed: a consolidator that was known
// stays known until it is certain that it is gone. While the set cannot be had, or
// cannot be had anew, it says so in [Found]'s Trouble, and tries again for ever.
//
// What is found is foreign input: see [Check]. A set has at most [Max] consolidators;
// of more, those that were known before stay, and the log says how many are passed over.
//
// Find blocks until its context ends, owns its goroutines, and calls found from one
// goroutine at a time. found may keep what it is given.
package discovery
