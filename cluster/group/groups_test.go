package group

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice/internal/foreign"
)

// fold returns the templates of messages, the most frequent first.
func fold(messages ...string) (texts []string) {
	g := New()
	for _, m := range messages {
		g.Add([]byte(m), 30, 0)
	}
	for _, t := range g.Templates() {
		texts = append(texts, fmt.Sprintf("%d %s", t.Count, t.Text))
	}
	return texts
}

// What is a value by its looks is a hole, in one message alone.
func TestValues(t *testing.T) {
	for message, want := range map[string]string{
		"took 12 ms":                                      "took <*>",
		"took 1.5s, waited 3 seconds for 7%":              "took <*>, waited <*> for <*>",
		"read 1293 bytes (1.26 KB) of 2 GiB":              "read <*> of <*>",
		"lifetime <1 sec":                                 "lifetime <*>",
		"from 10.0.0.1:5551 to [::1]:80":                  "from <*> to [::<*>]:<*>",
		"id=9f86d081-884c-4d63-a159-0a1b2c3d4e5f done":    "id=<*> done",
		"open /var/log/app.log: no such file":             "open <*>: no such file",
		"GET /v2/servers/detail?limit=a HTTP/1.1":         "GET <*>",
		"see https://example.com/a?b=c, please":           "see <*>, please",
		"at Fri Jun 17 07:07:00 2005 it began":            "at <*> it began",
		"on Monday nothing happens":                       "on Monday nothing happens",
		"session opened for user ann by (uid=0)":          "session opened for user <*> by (uid=<*>)",
		"connection from 1.2.3.4 ()":                      "connection from <*>",
		"connection from 1.2.3.4 (host.example.com)":      "connection from <*> (host.example.com)",
		"db.example.com:5432 refused":                     "<*> refused",
		"nodes 1 ok 2 ok 3 ok 4 ok failed":                "nodes <*> ok failed",
		"sizes 1, 2, 3":                                   "sizes <*>",
		"":                                                "",
		"first line 1\nsecond":                            "first line <*>",
		"Traceback (most recent call last):\n  x\nE: 1\n": "E: <*>",
	} {
		g := New()
		g.Add([]byte(message), 30, 0)
		if got := g.Templates()[0].Text; got != want {
			t.Errorf("%q: template %q, want %q", message, got, want)
		}
	}
}

// What differs among many is a hole; what divides few is not.
func TestPlaces(t *testing.T) {
	var names, states []string
	for _, n := range strings.Fields("ann bob cid dora emil fritz gus") {
		names = append(names, "hello "+n+", welcome back")
	}
	for _, s := range strings.Fields("started stopped paused") {
		states = append(states, "the worker has "+s+" now", "the worker has "+s+" now")
	}
	got := fold(append(names, states...)...)
	want := []string{
		"7 hello <*>, welcome back",
		"2 the worker has started now", "2 the worker has stopped now", "2 the worker has paused now",
	}
	if !slices.Equal(got, want) {
		t.Errorf("templates %q, want %q", got, want)
	}
}

// messages are some of which each kind differs in its own way.
func messages(rng *rand.Rand, n int) (list []string) {
	users := strings.Fields("ann bob cid dora emil fritz gus hans ida jon")
	for range n {
		switch rng.IntN(4) {
		case 0:
			list = append(list, "mail to "+users[rng.IntN(len(users))]+" was sent")
		case 1:
			list = append(list, fmt.Sprintf("request %d took %d ms", rng.Int(), rng.IntN(1000)))
		case 2:
			list = append(list, "cache is "+[]string{"cold", "warm"}[rng.IntN(2)])
		default:
			list = append(list, strings.Repeat("x ", rng.IntN(5))+"end")
		}
	}
	return list
}

// The templates depend neither on the order of the messages nor on their number.
func TestOrderIsNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	list := messages(rng, 500)
	sorted := func(list []string) []string {
		texts := fold(list...)
		slices.Sort(texts)
		return texts
	}
	want := sorted(list)
	for range 20 {
		rng.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
		if got := sorted(list); !slices.Equal(got, want) {
			t.Fatalf("templates %q, before %q", got, want)
		}
	}
}

// Each message is counted once, by level and time, however many shapes there are, and
// each shape leads to the template that counts it.
func TestAllAreCounted(t *testing.T) {
	for _, most := range []int{4, 16, MaxShapes} {
		g := newOf(most)
		rng := rand.New(rand.NewPCG(3, 4))
		var shapes []Shape
		list := messages(rng, 3000)
		for i := range 300 {
			list = append(list, "word"+strings.Repeat("a", i%50)+" "+strings.Repeat("b", i%7)+" is new")
		}
		for i, m := range list {
			shapes = append(shapes, g.Add([]byte(m), 10*(1+i%7), int64(1000+i)))
			if i%500 == 0 {
				g.Templates()
			}
		}
		if len(g.byKey) > most {
			t.Errorf("%d shapes are kept, at most %d are wanted", len(g.byKey), most)
		}
		of := g.Of()
		counts := map[int]uint64{}
		for _, s := range shapes {
			counts[of[s]]++
		}
		var all, levels uint64
		first, last := int64(1<<62), int64(0)
		for _, u := range g.Templates() {
			if counts[u.Number] != u.Count {
				t.Errorf("%d messages lead to %q, which counts %d", counts[u.Number], u.Text, u.Count)
			}
			all += u.Count
			for _, n := range u.Levels {
				levels += n
			}
			first, last = min(first, u.First), max(last, u.Last)
		}
		if want := uint64(len(list)); all != want || levels != want {
			t.Errorf("%d messages and %d levels are counted of %d", all, levels, want)
		}
		if first != 1000 || last != int64(1000+len(list)-1) {
			t.Errorf("they came from %d to %d", first, last)
		}
	}
}

// What was known before is told from what is new.
func TestKnown(t *testing.T) {
	g := New()
	g.Know([]byte("job 7 failed"))
	g.Add([]byte("job 8 failed"), 50, 5)
	g.Add([]byte("disk is full"), 60, 6)
	for _, u := range g.Templates() {
		if want := u.Text == "job <*> failed"; u.Known != want || u.Count != 1 {
			t.Errorf("%+v", u)
		}
	}
}

func FuzzAdd(f *testing.F) {
	for _, s := range []string{"a 1 (2) [] {x} 'y'", "1,2,3:4=5 < 6 /a//b/ ://", "user \x00\xff ü", "a b a b 1 2 ( ) <9 Jan 3"} {
		f.Add(s, "x 1")
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		g := newOf(3)
		for i, m := range []string{one, two, one + " " + two, two + " " + one, one + two, one} {
			s := g.Add([]byte(m), 30, int64(i))
			if of := g.Of(); of[s] < 1 {
				t.Fatalf("%q has no template", m)
			}
		}
		var count uint64
		for _, u := range g.Templates() {
			count += u.Count
		}
		if count != 6 {
			t.Fatalf("%d of 6 are counted", count)
		}
	})
}

// accuracy is the share of messages whose template counts just those that it should.
func accuracy(t testing.TB, file string) float64 {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	g := New()
	var truth []string
	var shapes []Shape
	for line := range bytes.Lines(data) {
		group, message, _ := bytes.Cut(bytes.TrimSuffix(line, []byte{'\n'}), []byte{'\t'})
		truth = append(truth, string(group))
		shapes = append(shapes, g.Add(message, 30, 0))
	}
	of := g.Of()
	type pair struct {
		truth string
		group int
	}
	true_, groups, both := map[string]int{}, map[int]int{}, map[pair]int{}
	for i, name := range truth {
		true_[name]++
		groups[of[shapes[i]]]++
		both[pair{name, of[shapes[i]]}]++
	}
	right := 0
	for p, n := range both {
		if n == true_[p.truth] && n == groups[p.group] {
			right += n
		}
	}
	return float64(right) / float64(len(truth))
}

// Grouping accuracy on loghub's samples, as the Drain and Brain papers measure it.
func TestLoghub(t *testing.T) {
	foreign.Need(t, "loghub")
	files, err := filepath.Glob(filepath.Join(os.Getenv("SLUICE_LOGHUB"), "*.tsv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	sum := 0.0
	for _, f := range files {
		a := accuracy(t, f)
		sum += a
		t.Logf("%-12s %.4f", strings.TrimSuffix(filepath.Base(f), ".tsv"), a)
	}
	average := sum / float64(len(files))
	t.Logf("%-12s %.4f", "average", average)
	if average < 0.90 {
		t.Errorf("the average is %.4f, at least 0.90 is wanted", average)
	}
}

func BenchmarkAdd(b *testing.B) {
	var list [][]byte
	for _, m := range messages(rand.New(rand.NewPCG(5, 6)), 1000) {
		list = append(list, []byte(m))
	}
	for i := range 1000 {
		list = append(list, fmt.Appendf(nil, "%d.example:50010 Served block blk_%d to /10.251.203.%d in %d ms", i, i*i, i%255, i))
	}
	g := New()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		g.Add(list[n%len(list)], 30, 1)
		n++
	}
}
