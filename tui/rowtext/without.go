package rowtext

import (
	"slices"
	"strings"

	"sluice/tui/cell"
)

// Without takes a field out of the body where it stands as key=value, since it is shown
// elsewhere. A value of several lines stays.
func (t *Text) Without(key, value string) {
	if value == "" || value != strings.TrimSpace(value) {
		return
	}
	lead := cell.Steady(key) + "="
	shown := value
	if strings.ContainsAny(value, " =\"") {
		shown = `"` + value + `"`
	}
	for i := 0; i+1 < len(t.Spans); i++ {
		from := 0
		if i > 0 {
			from = t.Spans[i-1].End
		}
		next := t.Spans[i+1]
		if t.Spans[i].Kind != Key || t.Body[from:t.Spans[i].End] != lead || next.Kind != Value && next.Kind != Err {
			continue
		}
		rest, found := strings.CutPrefix(t.Body[t.Spans[i].End:next.End], shown)
		if found && rest != "" {
			rest, found = strings.CutPrefix(rest, "  ")
		}
		if !found {
			continue
		}
		to := next.End - len(rest)
		t.Body = t.Body[:from] + t.Body[to:]
		t.Spans = slices.Delete(t.Spans, i, i+1)
		for j := i; j < len(t.Spans); j++ {
			t.Spans[j].End -= to - from
		}
		if rest == "" {
			t.Spans = slices.Delete(t.Spans, i, i+1)
		}
		return
	}
}
