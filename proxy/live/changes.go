package live

import (
	"slices"

	"sluice/cluster/httpapi"
)

const (
	within   = 0.1  // of a figure, by which it may be off before it is told at once
	inTurn   = 400  // streams that are told by and by, of those whose figures are off by less
	fewNames = 1024 // that a log may have beyond what the list has
)

// changes are the list, and in what order it has changed.
type changes struct {
	looks   uint64              // how often the list was looked at
	version uint64              // of list
	list    []httpapi.LiveEvent // as it is
	told    []told              // the same streams, as they were told
	spare   []told              // memory for the next told
	names   uint64              // grows when a stream comes or goes

	exact bool   // told is as list
	turn  string // the stream that is told next, of those whose figures are off a little

	seq   uint64   // of the last change
	log   []change // in order; of a stream the last one counts
	floor uint64   // streams that have gone up to this change are not in the log any more
}

// told are a stream's figures when they were last told, by the change seq.
type told struct {
	httpapi.LiveEvent
	seq uint64
}

// change is that a stream has come, has other figures, or has gone.
type change struct {
	seq  uint64
	name string
	gone bool
}

// look takes the list as it is now, whenever it was looked at again: looks is how often
// that was.
func (c *changes) look(looks, version uint64, list []httpapi.LiveEvent) {
	if looks == c.looks {
		return
	}
	c.looks = looks
	if version != c.version {
		c.update(list)
		c.version, c.exact = version, false
	}
	if !c.exact {
		c.refine()
	}
	if len(c.log) > 3*len(list)+2*fewNames {
		c.forget()
	}
}

// update makes a newer list the list.
func (c *changes) update(list []httpapi.LiveEvent) {
	before, now := c.told, slices.Grow(c.spare[:0], len(list))
	names := c.names
	for i := range list {
		s := &list[i]
		for len(before) > 0 && before[0].Name < s.Name {
			c.note(before[0].Name, true)
			before = before[1:]
			names = c.names + 1
		}
		switch {
		case len(before) > 0 && before[0].Name == s.Name:
			t := before[0]
			before = before[1:]
			if differ(&t.LiveEvent, s) {
				t = told{*s, c.note(s.Name, false)}
			}
			now = append(now, t)
		default:
			now = append(now, told{*s, c.note(s.Name, false)})
			names = c.names + 1
		}
	}
	for i := range before {
		c.note(before[i].Name, true)
		names = c.names + 1
	}
	old := c.told
	clear(old)
	c.list, c.told, c.spare, c.names = list, now, old[:0], names
}

// refine tells of the next streams whose figures are off at all.
func (c *changes) refine() {
	at, _ := c.find(c.turn)
	room := inTurn
	c.exact = true
	for range c.told {
		if at == len(c.told) {
			at = 0
		}
		if t := &c.told[at]; t.LiveEvent != c.list[at] {
			if room == 0 {
				c.exact = false
				break
			}
			room--
			*t = told{c.list[at], c.note(t.Name, false)}
		}
		at++
	}
	c.turn = ""
	if at < len(c.list) {
		c.turn = c.list[at].Name
	}
}

func (c *changes) note(name string, gone bool) (seq uint64) {
	c.seq++
	c.log = append(c.log, change{c.seq, name, gone})
	return c.seq
}

// forget drops the changes that count no more, and the oldest streams that have gone.
func (c *changes) forget() {
	room := len(c.list) + fewNames
	kept := make([]change, 0, len(c.list)+room)
	seen := make(map[string]struct{})
	for _, ch := range slices.Backward(c.log) {
		if !ch.gone {
			if i, live := c.find(ch.name); live && c.told[i].seq == ch.seq {
				kept = append(kept, ch)
			}
			continue
		}
		if _, live := c.find(ch.name); live {
			continue
		}
		if _, again := seen[ch.name]; again {
			continue
		}
		if len(seen) == room {
			c.floor = max(c.floor, ch.seq)
			continue
		}
		seen[ch.name] = struct{}{}
		kept = append(kept, ch)
	}
	slices.Reverse(kept)
	c.log = kept
}

// find is where a stream is in list and told.
func (c *changes) find(name string) (at int, live bool) {
	return slices.BinarySearchFunc(c.list, name, byName)
}

// since is where in the log the changes after seq begin.
func (c *changes) since(seq uint64) int {
	at, _ := slices.BinarySearchFunc(c.log, seq+1, func(ch change, seq uint64) int {
		if ch.seq < seq {
			return -1
		}
		return 1
	})
	return at
}

// differ reports whether a stream's figures are to be told again at once.
func differ(told, now *httpapi.LiveEvent) bool {
	return told.Sources != now.Sources || off(told.Rate, now.Rate) || off(told.Bytes, now.Bytes) || off(float64(told.Records), float64(now.Records))
}

func off(a, b float64) bool {
	low, high := min(a, b), max(a, b)
	return high-low > high*within
}
