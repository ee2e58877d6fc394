package group

// maxBut bounds how many templates tell one from the others: more make no filter that
// anybody reads.
const maxBut = 8

// Alike tells the messages of a template from those of other templates that fit its text
// as well: but are templates that fit none of its messages, and that many of the others
// do; more is how many of the others are left.
func (g *Groups) Alike(number int) (but []string, more uint64) {
	_, of := g.templates()
	members := map[int][]*shape{}
	for i, n := range of {
		if s := g.shapes[i]; s.into == nil && s != g.rest && s.tally.count > 0 {
			members[n] = append(members[n], s)
		}
	}
	own := members[number]
	if len(own) == 0 {
		return nil, 0
	}
	text := template(own)
	exclude := func(shapes []*shape, others uint64) {
		if len(but) < maxBut && !fitAny(template(shapes), own) {
			but = append(but, g.text(shapes))
		} else {
			more += others
		}
	}
	for n := range of {
		shapes := members[n+1]
		var others uint64
		var fitting []*shape
		for _, s := range shapes {
			if n+1 != number && fits(text, s) {
				fitting = append(fitting, s)
				others += s.tally.count
			}
		}
		switch {
		case others == 0:
		case len(but) < maxBut && !fitAny(template(shapes), own):
			exclude(shapes, others)
		default:
			for _, s := range fitting {
				exclude([]*shape{s}, s.tally.count)
			}
		}
	}
	return but, more
}

// fits reports whether the messages of a shape fit a template.
func fits(template []int32, s *shape) bool {
	if len(template) != len(s.words) {
		return false
	}
	for i, w := range template {
		if w != 0 && w != s.words[i] {
			return false
		}
	}
	return true
}

func fitAny(template []int32, shapes []*shape) bool {
	for _, s := range shapes {
		if fits(template, s) {
			return true
		}
	}
	return false
}
