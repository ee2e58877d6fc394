package group

import (
	"cmp"
	"slices"
	"strings"
)

// MaxShapes is how many shapes are kept.
const MaxShapes = 16 << 10

// Levels is how many levels are counted apart: the six of bunyan, and any other.
const Levels = 7

// A Shape is a number for a message that Add has seen; [Groups.Of] leads from it to a
// template.
type Shape int32

// Groups counts messages by template. See the package's contract.
type Groups struct {
	cut    cutter
	key    []byte
	words  map[string]int32 // number of each word in a shape, from 1, of other tokens from -1; 0 is a hole
	texts  []string         // and back, by the number without its sign
	shapes []*shape         // by number
	byKey  map[string]*shape
	sizes  map[int]*size // by the number of tokens
	rest   *shape        // what fits nowhere; nil as long as there is nothing
	max    int
	misses int // shapes that found no room since the last time that some was made
}

// New returns Groups without messages.
func New() *Groups { return newOf(MaxShapes) }

func newOf(max int) *Groups {
	return &Groups{words: map[string]int32{}, texts: []string{""}, byKey: map[string]*shape{}, sizes: map[int]*size{}, max: max}
}

// tally counts the messages of a shape or a template.
type tally struct {
	count       uint64
	first, last int64
	levels      [Levels]uint64
	recent      uint64 // see Window.Templates
	known       bool
	dropped     bool // see Window.Drop
}

func (t *tally) add(u *tally) {
	t.spans(u.first, u.last)
	t.count += u.count
	t.recent += u.recent
	t.known = t.known || u.known
	t.dropped = t.dropped || u.dropped
	for i, n := range u.levels {
		t.levels[i] += n
	}
}

// spans takes a time from first to last into account; 0 is no time.
func (t *tally) spans(first, last int64) {
	if first != 0 && (t.first == 0 || first < t.first) {
		t.first = first
	}
	t.last = max(t.last, last)
}

// shape is a message without its values.
type shape struct {
	number Shape
	words  []int32 // 0 is a hole
	spaces []bool  // white space stands before each
	tally  tally
	into   *shape // the template that has replaced it
	group  int    // in its size
}

// size is the shapes of one length.
type size struct {
	shapes []*shape
	folded []*shape // those of them that have replaced others: their holes take any word
	groups [][]*shape
	dirty  bool
}

// Add counts a message: its text, its level as bunyan numbers them, and when it was
// logged, in Unix milliseconds; 0 when one of them is not known.
func (g *Groups) Add(message []byte, level int, at int64) Shape {
	s := g.find(message)
	t := &s.tally
	t.spans(at, at)
	t.count++
	t.levels[levelIndex(level)]++
	return s.number
}

// Know takes a message that counts nowhere: its template is [Template.Known] from now on.
func (g *Groups) Know(message []byte) Shape {
	s := g.find(message)
	s.tally.known = true
	return s.number
}

// levelIndex is where a level is counted. A message without one counts as info.
func levelIndex(level int) int {
	if level == 0 {
		level = 30
	}
	if level < 10 || level > 60 || level%10 != 0 {
		return Levels - 1
	}
	return level/10 - 1
}

// find returns the shape of a message.
func (g *Groups) find(message []byte) *shape {
	return g.findTokens(g.cut.cut(head(message)))
}

func (g *Groups) findTokens(tokens []token) *shape {
	g.key = appendKey(g.key[:0], tokens)
	if s := g.byKey[string(g.key)]; s != nil {
		return s
	}
	return g.findNew(tokens)
}

// findNew finds a shape for tokens that have none.
func (g *Groups) findNew(tokens []token) *shape {
	if s := g.fits(tokens); s != nil {
		return s
	}
	// To make room costs as much as there are shapes: so rarely, when it makes none.
	if len(g.byKey) >= g.max && g.misses == 0 {
		g.shrink()
		if s := g.fits(tokens); s != nil {
			return s
		}
	}
	if len(g.byKey) >= g.max {
		g.misses = (g.misses + 1) % g.max
		if g.rest == nil {
			g.rest = g.number(&shape{words: []int32{0}, spaces: []bool{false}})
		}
		return g.rest
	}
	s := &shape{words: make([]int32, len(tokens)), spaces: make([]bool, len(tokens))}
	for i := range tokens {
		s.spaces[i] = tokens[i].space
		if tokens[i].kind != hole {
			s.words[i] = g.word(tokens[i].text)
		}
	}
	g.keep(g.number(s), string(g.key))
	return s
}

// number gives a shape its number.
func (g *Groups) number(s *shape) *shape {
	s.number = Shape(len(g.shapes))
	g.shapes = append(g.shapes, s)
	return s
}

// keep makes a shape one of those that messages are found by.
func (g *Groups) keep(s *shape, key string) {
	g.byKey[key] = s
	z := g.sizes[len(s.words)]
	if z == nil {
		z = &size{}
		g.sizes[len(s.words)] = z
	}
	z.shapes = append(z.shapes, s)
	z.dirty = true
}

// word is the number of a word.
func (g *Groups) word(text []byte) int32 {
	n := g.words[string(text)]
	if n == 0 {
		n = int32(len(g.texts))
		g.texts = append(g.texts, string(text))
		if classes[text[0]] != isLetter {
			n = -n
		}
		g.words[string(text)] = n
	}
	return n
}

// textOf is the word of a number.
func textOf(texts []string, n int32) string { return texts[max(n, -n)] }

// fits finds a template that has replaced shapes and that the tokens fit.
func (g *Groups) fits(tokens []token) *shape {
	z := g.sizes[len(tokens)]
	if z == nil {
		return nil
	}
	for _, s := range z.folded {
		if g.fit(s, tokens) {
			return s
		}
	}
	return nil
}

func (g *Groups) fit(s *shape, tokens []token) bool {
	for i, w := range s.words {
		if w != 0 && (tokens[i].kind == hole || string(tokens[i].text) != textOf(g.texts, w)) {
			return false
		}
	}
	return true
}

// shrink replaces the shapes of each group that differ by its template.
func (g *Groups) shrink() {
	sizes, texts := g.sizes, g.texts
	g.sizes, g.byKey, g.misses = map[int]*size{}, map[string]*shape{}, 0
	g.words, g.texts = map[string]int32{}, []string{""}
	for n, z := range sizes {
		z.fold(n)
		for _, shapes := range z.groups {
			s := shapes[0]
			if len(shapes) > 1 {
				s = g.number(&shape{words: template(shapes), spaces: shapes[0].spaces})
				for _, old := range shapes {
					s.tally.add(&old.tally)
					old.into, old.words, old.spaces, old.tally = s, nil, nil, tally{}
				}
			}
			var key []byte
			renumbered := make([]int32, n)
			for i, w := range s.words {
				if w == 0 {
					key = append(key, 1, 0)
					continue
				}
				key = append(append(key, textOf(texts, w)...), 0)
				renumbered[i] = g.word([]byte(textOf(texts, w)))
			}
			folded := len(shapes) > 1 || slices.Contains(z.folded, s)
			s.words = renumbered
			g.keep(s, string(key))
			if folded {
				g.sizes[n].folded = append(g.sizes[n].folded, s)
			}
		}
	}
}

// shapeOf is the shape that stands for one now.
func (g *Groups) shapeOf(n Shape) *shape {
	s := g.shapes[n]
	for s.into != nil {
		s = s.into
	}
	return s
}

// live returns groups of the shapes alone that have messages, and the number there of
// each shape.
func (g *Groups) live() (fresh *Groups, of []Shape) {
	fresh = newOf(g.max)
	of = make([]Shape, len(g.shapes))
	made := map[*shape]Shape{}
	for i := range g.shapes {
		s := g.shapeOf(Shape(i))
		number, known := made[s]
		if !known && s.tally.count > 0 {
			number = fresh.adopt(g, s).number
			made[s] = number
		}
		of[i] = number
	}
	return fresh, of
}

// adopt takes a shape of other groups over.
func (g *Groups) adopt(other *Groups, s *shape) *shape {
	fresh := g.number(&shape{words: make([]int32, len(s.words)), spaces: s.spaces, tally: s.tally})
	if s == other.rest {
		g.rest = fresh
		return fresh
	}
	var key []byte
	for i, w := range s.words {
		if w == 0 {
			key = append(key, 1, 0)
			continue
		}
		text := textOf(other.texts, w)
		key = append(append(key, text...), 0)
		fresh.words[i] = g.word([]byte(text))
	}
	g.keep(fresh, string(key))
	if z := g.sizes[len(s.words)]; slices.Contains(other.sizes[len(s.words)].folded, s) {
		z.folded = append(z.folded, fresh)
	}
	return fresh
}

// template is what shapes have in common.
func template(shapes []*shape) []int32 {
	words := slices.Clone(shapes[0].words)
	for _, s := range shapes[1:] {
		for i, w := range s.words {
			if w != words[i] {
				words[i] = 0
			}
		}
	}
	return words
}

// Template is a group of messages.
type Template struct {
	Number      int    // from 1, in the order in which the first of each came
	Text        string // with [Hole]s; foreign input: sanitise before showing
	Count       uint64
	First, Last int64          // Unix milliseconds of the first and the last, 0 when none had a time
	Levels      [Levels]uint64 // trace, debug, info, warn, error, fatal, any other
	Recent      uint64         // see [Window.Templates]
	Known       bool           // [Groups.Know] has seen one
	Dropped     bool           // [Window.Drop] has dropped some: First is of those that are left
	Rest        bool           // it counts what fits nowhere
}

// Templates returns the templates, the most frequent first, also those without any
// message but a known one.
func (g *Groups) Templates() []Template {
	list, _ := g.templates()
	slices.SortStableFunc(list, func(a, b Template) int { return cmp.Compare(b.Count, a.Count) })
	return list
}

// Of returns the number of the template of each shape that Add has returned, by shape.
func (g *Groups) Of() []int {
	_, of := g.templates()
	return of
}

// templates returns the templates by their number, and which each shape is of.
func (g *Groups) templates() (list []Template, of []int) {
	of = make([]int, len(g.shapes))
	for n, z := range g.sizes {
		if z.dirty {
			z.fold(n)
		}
	}
	numbers := map[*[]*shape]int{}
	for i := range g.shapes {
		s := g.shapeOf(Shape(i))
		if s == g.rest {
			if of[s.number] == 0 || i == int(s.number) {
				if of[i] = of[s.number]; of[i] == 0 {
					list = append(list, Template{Number: len(list) + 1, Text: Hole, Rest: true})
					of[i] = len(list)
					list[of[i]-1].take(&s.tally)
				}
			}
			continue
		}
		z := g.sizes[len(s.words)]
		members := &z.groups[s.group]
		if numbers[members] == 0 {
			list = append(list, Template{Number: len(list) + 1, Text: g.text(*members)})
			numbers[members] = len(list)
			t := tally{}
			for _, m := range *members {
				t.add(&m.tally)
			}
			list[len(list)-1].take(&t)
		}
		of[i] = numbers[members]
	}
	return list, of
}

func (t *Template) take(u *tally) {
	t.Count, t.First, t.Last, t.Levels = u.count, u.first, u.last, u.levels
	t.Recent, t.Known, t.Dropped = u.recent, u.known, u.dropped
}

// text is the template of shapes.
func (g *Groups) text(shapes []*shape) string {
	var b strings.Builder
	for i, w := range template(shapes) {
		if i > 0 && shapes[0].spaces[i] {
			b.WriteByte(' ')
		}
		if w == 0 {
			b.WriteString(Hole)
		} else {
			b.WriteString(textOf(g.texts, w))
		}
	}
	return b.String()
}
