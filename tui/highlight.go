package tui

import (
	"maps"
	"slices"

	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/rowtext"
)

// Highlight is what stands out in every row, in all panes.
type Highlight struct {
	Find   string    `toml:"find"`   // a word or a regular expression, as for the search
	Colour hueChoice `toml:"colour"` // "auto" goes by the highlight's name
	Off    bool      `toml:"off"`    // not from the start
}

// hueChoice is which colour is wanted.
type hueChoice uint8

var hueNames = [...]string{"auto", "blue", "cyan", "green", "orange", "purple", "red", "yellow"}

// UnmarshalText reads a colour's name.
func (h *hueChoice) UnmarshalText(text []byte) error {
	i := slices.Index(hueNames[:], string(text))
	if i < 0 {
		return noneOf(text, hueNames[:])
	}
	*h = hueChoice(i)
	return nil
}

// hue is the style of a colour.
func (t *theme) hue(h hueChoice) cell.Style {
	return [...]cell.Style{"", t.key, t.names[2%len(t.names)], t.good, t.mark, t.names[1%len(t.names)], t.err, t.wait}[h]
}

// lights are the highlights that are on. They are never changed, but replaced; nil is
// none.
type lights struct{ list []light }

type light struct {
	name    string
	matcher *query.Matcher
	hue     hueChoice
}

// maxLights bounds the highlights that are on, each of which is looked for in every
// new row on the screen.
const maxLights = 20

// lightsFrom are those that are on from the start.
func lightsFrom(named map[string]Highlight) (l *lights) {
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if !named[name].Off {
			l = l.toggled(name, named[name])
		}
	}
	return l
}

func (l *lights) index(name string) int {
	if l == nil {
		return -1
	}
	return slices.IndexFunc(l.list, func(one light) bool { return one.name == name })
}

func (l *lights) has(name string) bool { return l.index(name) >= 0 }

// toggled is l without a highlight, or with it as the last one.
func (l *lights) toggled(name string, h Highlight) *lights {
	var list []light
	if l != nil {
		list = slices.Clone(l.list)
	}
	if i := l.index(name); i >= 0 {
		list = slices.Delete(list, i, i+1)
	} else if h.Find != "" && len(list) < maxLights {
		hue := h.Colour
		if hue == 0 {
			hue = hueChoice(1 + nameHash(name)%uint32(len(hueNames)-1))
		}
		list = append(list, light{name, query.NewMatcher(cell.Shorten(h.Find, maxInput)), hue})
	}
	if len(list) == 0 {
		return nil
	}
	return &lights{list}
}

func (m *model) toggleLight(name string) {
	m.lights = m.lights.toggled(name, m.config.Settings.Highlights[name])
}

// stretch is a part of a row's text that was found.
type stretch struct {
	from, to int
	style    cell.Style
}

// stretches are the parts of a row's text that the search or a highlight found, in
// order and apart from one another. What the search found counts most, then the
// highlights in their order.
func (s *rowStyle) stretches(t *rowtext.Text) (all []stretch) {
	if s.matcher != nil {
		st := s.theme.match
		if s.cursor {
			st = s.theme.matchHere
		}
		for _, f := range s.matcher.Find(t.Body) {
			all = append(all, stretch{f[0], f[1], st})
		}
	}
	if s.lights == nil {
		return all
	}
	for _, l := range s.lights.list {
		st := underline.With(s.theme.hue(l.hue))
		var fresh []stretch
		for _, f := range l.matcher.Find(t.Body) {
			fresh = appendFree(fresh, all, stretch{f[0], f[1], st})
		}
		all = append(all, fresh...)
		slices.SortFunc(all, func(a, b stretch) int { return a.from - b.from })
	}
	return all
}

// appendFree appends what is left of a stretch beside those that are taken.
func appendFree(to, taken []stretch, s stretch) []stretch {
	for _, t := range taken {
		if t.to <= s.from || t.from >= s.to {
			continue
		}
		if t.from > s.from {
			to = append(to, stretch{s.from, t.from, s.style})
		}
		s.from = t.to
	}
	if s.from < s.to {
		to = append(to, s)
	}
	return to
}
