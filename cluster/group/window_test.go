package group

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// groupsOf are the templates of messages, by their text, with a number of each second as
// its time.
func groupsOf(list []string, from int) map[string]Template {
	g := New()
	for i, m := range list[from:] {
		g.Add([]byte(m), 30+10*(len(m)%2), int64(from+i+1)*1000)
	}
	return byText(g.Templates())
}

func byText(list []Template) map[string]Template {
	m := map[string]Template{}
	for _, t := range list {
		t.Number, t.Dropped, t.Recent = 0, false, 0
		m[t.Text] = t
	}
	return m
}

func same(a, b map[string]Template) string {
	if len(a) != len(b) {
		return fmt.Sprintf("%d templates, want %d", len(a), len(b))
	}
	for text, t := range b {
		if a[text] != t {
			return fmt.Sprintf("%q is %+v, want %+v", text, a[text], t)
		}
	}
	return ""
}

// Whatever the order in which slices are added, and however many are dropped, a window
// has the groups of what is left, once it has forgotten shapes of what is not.
func TestAWindowIsTheGroupsOfWhatIsLeft(t *testing.T) {
	const size = 50
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 2))
		list := messages(rng, 2000)
		w, c := NewWindow(), NewCounter()
		if seed%2 == 1 {
			w.max = 200 // slices are joined
		}
		order := rng.Perm(len(list) / size)
		if w.max < maxParts { // what is joined follows on one another, as it does when the newest is read first
			slices.Sort(order)
			slices.Reverse(order)
		}
		for _, k := range order {
			for i := k * size; i < (k+1)*size; i++ {
				c.Add([]byte(list[i]), 30+10*(len(list[i])%2), int64(i+1)*1000)
			}
			w.Add(uint64(k*size), uint64((k+1)*size), c.Take())
		}
		if diff := same(byText(w.Templates(0)), groupsOf(list, 0)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		for at := 0; at < len(list); at += 300 {
			w.Drop(uint64(at))
			left := 0
			if len(w.slices) > 0 {
				left = int(w.slices[0].from)
			}
			if left > at || w.max == maxParts && left != at/size*size || w.Dropped() != uint64(left) {
				t.Fatalf("seed %d: below %d, %d were dropped, said are %d", seed, at, left, w.Dropped())
			}
			w.Templates(0)
			w.groups, w.stale = live(w), true
			if diff := same(byText(w.Templates(0)), groupsOf(list, left)); diff != "" {
				t.Fatalf("seed %d: of those from %d on %s", seed, left, diff)
			}
		}
	}
}

// live makes a window forget what nothing has any more.
func live(w *Window) *Groups {
	groups, of := w.groups.live()
	for i := range w.slices {
		for k := range w.slices[i].parts {
			w.slices[i].parts[k].shape = of[w.slices[i].parts[k].shape]
		}
	}
	return groups
}

// What a window keeps does not grow with what passes through it.
func TestAWindowForgets(t *testing.T) {
	w, c := NewWindow(), NewCounter()
	w.groups = newOf(100)
	for k := range 500 {
		for i := range 40 {
			c.Add(fmt.Appendf(nil, "kind %c%c of %s", 'a'+k%26, 'a'+k/26%26, string(rune('a'+i%20))), 30, 1)
		}
		w.Add(uint64(k), uint64(k+1), c.Take())
		if k > 10 {
			w.Drop(uint64(k - 10))
		}
		w.Templates(0)
		if n := len(w.groups.shapes); n > 1500 {
			t.Fatalf("%d shapes are kept of 10 slices", n)
		}
	}
	total := uint64(0)
	for _, u := range w.Templates(0) {
		total += u.Count
	}
	if total != 11*40 || w.Dropped() != 489*40 {
		t.Fatalf("%d are counted, and %d dropped", total, w.Dropped())
	}
}

func TestRecent(t *testing.T) {
	w, c := NewWindow(), NewCounter()
	for i := range 100 {
		c.Add([]byte("tick"), 30, int64(1000+i*100))
	}
	w.Add(0, 100, c.Take())
	for i := range 10 {
		c.Add([]byte("tock "+string(rune('a'+i))), 50, int64(11_000+i))
	}
	w.Add(100, 110, c.Take())
	list := w.Templates(5950)
	if len(list) != 2 || list[0].Recent != 50 || list[1].Recent != 10 || list[1].Levels[4] != 10 || list[1].Dropped {
		t.Fatalf("%+v", list)
	}
	w.Drop(100)
	c.Add([]byte("tick"), 30, 20_000)
	w.Add(110, 111, c.Take())
	list = w.Templates(0)
	i := slices.IndexFunc(list, func(u Template) bool { return u.Text == "tick" })
	if i < 0 || list[i].Count != 1 || list[i].First != 20_000 || !list[i].Dropped {
		t.Fatalf("%+v", list)
	}
}
