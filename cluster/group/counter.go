package group

import (
	"bytes"
	"slices"
)

// Counter counts messages by shape, and no more: so several goroutines can each have one,
// whose [Counts] a [Window] folds. It is for one goroutine.
type Counter struct {
	cut    cutter
	key    []byte
	byKey  map[string]*known
	counts *Counts
}

// known is a shape that a Counter has seen.
type known struct {
	tokens []token
	at     [Levels]int32 // where it stands in the counts, from 1, by level; 0: nowhere
	in     *Counts       // the counts that at is of
}

// Counts is what a Counter has counted between two calls of Take.
type Counts struct {
	list []counted
}

// counted is the messages of a shape and a level.
type counted struct {
	shape       *known
	first, last int64
	count       uint32
	level       uint8
}

// NewCounter returns a Counter that has counted nothing.
func NewCounter() *Counter { return &Counter{byKey: map[string]*known{}, counts: &Counts{}} }

// Add counts a message, as [Groups.Add] does.
func (c *Counter) Add(message []byte, level int, at int64) {
	tokens := c.cut.cut(head(message))
	c.key = appendKey(c.key[:0], tokens)
	k := c.byKey[string(c.key)]
	if k == nil {
		if len(c.byKey) == MaxShapes {
			clear(c.byKey) // what is counted keeps its shapes
		}
		k = &known{tokens: cloned(tokens)}
		c.byKey[string(c.key)] = k
	}
	if k.in != c.counts {
		k.in, k.at = c.counts, [Levels]int32{}
	}
	l := levelIndex(level)
	if k.at[l] == 0 {
		c.counts.list = append(c.counts.list, counted{shape: k, level: uint8(l)})
		k.at[l] = int32(len(c.counts.list))
	}
	n := &c.counts.list[k.at[l]-1]
	n.count++
	if at != 0 {
		if n.first == 0 || at < n.first {
			n.first = at
		}
		n.last = max(n.last, at)
	}
}

// Take returns what was counted since it was called last, and begins anew.
func (c *Counter) Take() *Counts {
	counts := c.counts
	c.counts = &Counts{list: make([]counted, 0, len(counts.list))}
	return counts
}

// appendKey appends what tells tokens of one shape from others.
func appendKey(key []byte, tokens []token) []byte {
	for i := range tokens {
		if tokens[i].kind == hole {
			key = append(key, 1, 0)
		} else {
			key = append(append(key, tokens[i].text...), 0)
		}
	}
	return key
}

// cloned are tokens that are valid longer than their message.
func cloned(tokens []token) []token {
	tokens = slices.Clone(tokens)
	for i := range tokens {
		tokens[i].text = bytes.Clone(tokens[i].text)
		if tokens[i].kind == hole {
			tokens[i].text = nil
		}
	}
	return tokens
}
