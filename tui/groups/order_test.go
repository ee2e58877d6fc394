package groups_test

import (
	"strings"
	"testing"
	"time"

	"sluice/cluster/group"
	"sluice/tui/groups"
)

func TestOrders(t *testing.T) {
	at := func(s int) int64 { return start.Add(time.Duration(s) * time.Second).UnixMilli() }
	l := groups.List{Complete: true, Templates: []group.Template{
		{Text: "a", Count: 90, First: at(10), Recent: 1},
		{Text: "b", Count: 80, First: at(60), Dropped: true, Recent: 3},
		{Text: "c", Count: 70, First: at(50), Recent: 3},
		{Text: "d", Count: 60, First: at(20)},
		{Text: "e", Count: 60},
	}}
	for order, want := range map[groups.Order]string{groups.ByCount: "abcde", groups.ByRate: "bcade", groups.ByNewness: "cdaeb"} {
		var b strings.Builder
		for _, u := range l.Sorted(order) {
			b.WriteString(u.Text)
		}
		if b.String() != want {
			t.Errorf("in order %d they are %s, want %s", order, b.String(), want)
		}
	}
	for second, want := range map[int]string{15: "cd", 30: "c", 55: "", 5: "acd"} {
		var b strings.Builder
		since := l.NewSince(start.Add(time.Duration(second) * time.Second))
		for i := range l.Templates {
			if since.Is(&l.Templates[i]) {
				b.WriteString(l.Templates[i].Text)
			}
		}
		if b.String() != want {
			t.Errorf("new since second %d are %q, want %q", second, b.String(), want)
		}
	}
	// Without anything from before, everything is new, which says nothing.
	l.Templates = l.Templates[:1]
	if l.NewSince(start).Known() || !l.NewSince(start.Add(time.Minute)).Known() {
		t.Error("what is new is known without anything from before, or unknown with it")
	}
	l.Complete = false
	if l.NewSince(start.Add(time.Minute)).Known() {
		t.Error("what is new is known before all was read")
	}
}
