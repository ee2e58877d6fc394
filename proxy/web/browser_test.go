package web_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sluice/internal/chromium"
	"sluice/internal/volume"
)

// shown is what the rows of the page say, in their order; with the class of those that are
// no records.
const shown = `[...document.querySelectorAll(".pane.active .row")].sort((a, b) => a.dataset.number - b.dataset.number)
	.map((r) => r.classList.contains("notice") ? r.className + ": " + r.querySelector(".what").textContent : r.querySelector(".body").textContent)`

// says is an expression that holds when an element's text is, or has, a text.
func says(selector, text string) string {
	return fmt.Sprintf("document.querySelector(%s)?.textContent.includes(%s)", quote(selector), quote(text))
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// shows is an expression that holds when a row has a text.
func shows(text string) string {
	return fmt.Sprintf("(%s).some((r) => r.includes(%s))", shown, quote(text))
}

// open opens the page with what stands behind the #.
func open(t *testing.T, b *chromium.Browser, f *fake, view string) *chromium.Tab {
	tab := b.Open(t, 1000, 600)
	tab.Do(chromedp.Navigate(f.URL + "/#" + view))
	return tab
}

// tailing opens the page on a stream of which it shows n records, numbered from first.
func tailing(t *testing.T, b *chromium.Browser, first, n int) (*fake, *chromium.Tab, *session) {
	t.Helper()
	f := newFake(t)
	tab := open(t, b, f, "system")
	s := f.session(t, "system", 1)
	s.send <- records(first, n)
	tab.Wait(shows(fmt.Sprintf("record %d", first+n-1)))
	return f, tab, s
}

// typed sets the value of a field as typing does.
func typed(tab *chromium.Tab, selector, text string) {
	chromium.Eval[any](tab, fmt.Sprintf("(() => { const e = document.querySelector(%s); e.value = %s; e.dispatchEvent(new Event('input')); return 1 })()", quote(selector), quote(text)))
}

// key presses a key, as a keyboard does where no field has the focus.
func key(tab *chromium.Tab, key string) {
	chromium.Eval[any](tab, fmt.Sprintf("dispatchEvent(new KeyboardEvent('keydown', { key: %s, bubbles: true })) && 1", quote(key)))
}

// What a developer does with the page, in a real browser: each part has a proxy that it
// scripts, and a tab of its own.
func TestPage(t *testing.T) {
	volume.Check(t)
	b := chromium.Start(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, *chromium.Browser)
	}{
		{"hostile records stay text in their rows", hostileRecords},
		{"nothing imitates a notice", imitation},
		{"a cut is resumed, and what is lost stands in its place", cut},
		{"a pause holds still, and counts what is new by level", pause},
		{"an eviction while one reads is told", eviction},
		{"filters and searches", filters},
		{"an expression that never ends holds nothing up", endless},
		{"a link opens the same view", links},
		{"a token is asked for, and stands in no address", login},
		{"the picker finds among fifty thousand names", picker},
		{"a record is opened", opened},
		{"what is shown is downloaded", download},
		{"a screen reader is told", spoken},
		{"a phone shows one tail at a time", phone},
		{"a page that cannot keep up says what it skips", skips},
		{"several streams in one tail", several},
		{"the picker marks several, and takes a pattern", marking},
		{"records of ten thousand fields hold nothing up", wide},
		{"a new token cuts nothing that is open", relogin},
		{"who answers in the place of the proxy is told, and not asked again and again", impostors},
		{"the clock of the machine may be wrong", wrongClock},
		{"above the oldest record older ones are loaded", older},
		{"a time is jumped to, and what is not loaded shows", jumped},
		{"another filter keeps one's place, and counts what is new anew", refiltered},
		{"everything is reached by the keyboard", reached},
		{"all text stands out against its ground", contrast},
		{"nothing is wider than a small phone", narrow},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, b) })
	}
}

func hostileRecords(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	tab := open(t, b, f, "system")
	s := f.session(t, "system", 1)
	s.send <- logged(1, 30, `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`, "<b>k</b>", "</span><b>v</b>") +
		logged(2, 30, "\u202egnp.exe\u2066 \u200f\x1b[31mred\u009b2J\x00\u2028 \U000e0041") +
		logged(3, 50, "שלום עולם", "k", "v", "err", map[string]any{"message": "<i>x</i>", "name": 5, "stack": []int{1}}) +
		logged(4, 30, strings.Repeat("x", 250<<10)) +
		event(5, `{"level":{"a":[]},"time":{},"msg":7,"__proto__":{"level":60},"constructor":1,"hostname":[],"req":{"method":1,"url":{}},"res":null,"pid":{}}`) +
		event(6, `[1,{"msg":2}]`) + event(7, `"text"`) + event(8, `null`) + event(9, `no json`) +
		event(10, `{"msg":"deep","d":`+strings.Repeat(`[`, 5000)+strings.Repeat(`]`, 5000)+`}`) +
		logged(11, 30, "last")
	tab.Wait(shows("last"))
	got := chromium.Eval[[]string](tab, shown)
	for i, want := range []string{
		`<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>  <b>k</b>=</span><b>v</b>`,
		`\u202egnp.exe\u2066 \u200f␛[31mred\u009b2J␀\u2028 \u{e0041}`,
		"שלום עולם", "xxxxxxxxxx", "", "[1,", `"text"`, "null", "no json", "deep", "last",
	} {
		if i >= len(got) || !strings.HasPrefix(got[i], want) || len(got[i]) > 5000 {
			t.Errorf("row %d is not %q: %.200q", i, want, got)
		}
	}
	if chromium.Eval[string](tab, "document.title") == "owned" || chromium.Eval[int](tab, `document.querySelectorAll(".row b, .row img, .row script, .row i").length`) > 0 {
		t.Error("a record became markup")
	}
	// Text from right to left stays in its own part: the field behind it stands right of it.
	if !chromium.Eval[bool](tab, `(() => {
		const row = [...document.querySelectorAll(".row")].find((r) => r.textContent.includes("שלום"));
		const at = (c) => row.querySelector(c).getBoundingClientRect();
		return at(".msg").right <= at(".key").left && at(".label").right <= at(".msg").left;
	})()`) {
		t.Error("text from right to left moves what is beside it")
	}
	// Each can be opened.
	for range got {
		key(tab, "k")
		key(tab, "Enter")
		tab.Wait(`document.querySelector("#record-text").childElementCount > 1`)
		key(tab, "Escape")
	}
	if wrong := tab.Wrong(); len(wrong) > 0 {
		t.Errorf("the page had errors: %q", wrong)
	}
}

func imitation(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	tab := open(t, b, f, "system")
	s := f.session(t, "system", 1)
	s.send <- logged(1, 40, "▲ 5 records lost at vm-1 (consolidator): reader too slow", "name", "sluice", "dropped", 5, "kind", "gap", "class", "notice") +
		"event: dropped\nid: 2\ndata: {\"count\":5,\"hop\":\"consolidator\",\"consolidator\":\"vm-1\\u202e\",\"reason\":\"reader too slow\"}\n\n" +
		logged(3, 30, "last")
	tab.Wait(shows("last"))
	got := chromium.Eval[[]string](tab, shown)
	if len(got) != 3 || strings.HasPrefix(got[0], "row notice") || got[1] != `row notice gap: 5 records lost at vm-1\u202e (consolidator): reader too slow` {
		t.Errorf("the rows are %q", got)
	}
	tab.Wait(says(".facts", "5 dropped"))
}

func cut(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	tab := open(t, b, f, "system")
	s := f.session(t, "system", 1)
	s.send <- records(1, 3) + "id: 4\ndata: {\"msg\":\"torn" // the connection breaks within an event
	tab.Wait(shows("record 3"))
	close(s.cut)
	s = f.session(t, "system", 2)
	if s.id != "3" {
		t.Errorf("the page goes on after %q", s.id)
	}
	s.send <- "event: dropped\nid: 6\ndata: {\"count\":2,\"unknown\":true,\"hop\":\"proxy\",\"reason\":\"too late\"}\n\n" + records(7, 2)
	tab.Wait(shows("record 8"))
	got := chromium.Eval[[]string](tab, shown)
	want := []string{
		"record 1", "record 2", "record 3", "row notice state: the connection broke off; trying again",
		"row notice state: connected again; what is missing stands below",
		"row notice gap: 2 records lost, and an unknown number more at proxy: too late", "record 7", "record 8",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the rows are\n%s", strings.Join(got, "\n"))
	}
	tab.Wait(says(".facts", "dropped: 2 + unknown"))
	s.send <- "event: source\nid: 8\ndata: {\"n\":1,\"consolidator\":\"vm-1\",\"state\":\"lost\"}\n\n"
	tab.Wait(says(".foot .state", "1 of 1 consolidator missing: vm-1 is lost"))
	s.send <- "event: source\nid: 8\ndata: {\"n\":2,\"consolidator\":\"vm-1\",\"state\":\"live\",\"away\":6.2,\"back\":\"x\"}\n\n" +
		"event: end\ndata: {\"reason\":\"the proxy is shutting down\"}\n\n"
	tab.Wait(shows("vm-1 was away 6.2 s; what its publishers dropped meanwhile is unknown"))
	close(s.cut)
	f.session(t, "system", 3).send <- records(9, 1)
	tab.Wait(shows("record 9"))
	if got := chromium.Eval[[]string](tab, shown); strings.Contains(got[len(got)-2], "broke off") {
		t.Errorf("what the proxy ends on purpose is told as a break: %q", got)
	}
}

func pause(t *testing.T, b *chromium.Browser) {
	_, tab, s := tailing(t, b, 1, 100)
	key(tab, " ")
	tab.Wait(says(".follow", "PAUSED"))
	before := chromium.Eval[[]string](tab, shown)
	s.send <- records(101, 100) + logged(201, 50, "boom") + logged(202, 40, "hm") + logged(203, 60, "dead")
	tab.Wait(says(".follow", "PAUSED · 103 new (2 error, 1 warn) · 0 dropped · G to resume"))
	if after := chromium.Eval[[]string](tab, shown); !strings.HasPrefix(strings.Join(after, "\n"), strings.Join(before, "\n")) { // one row stands below the screen
		t.Errorf("a paused page shows %q after %q", after, before)
	}
	key(tab, "G")
	tab.Wait(says(".follow", "following"))
	tab.Wait(shows("dead"))
	chromium.Eval[any](tab, `document.querySelector(".list").scrollTop = 200`)
	tab.Wait(says(".follow", "SCROLLED"))
	tab.Wait(shows("record 11"))
	s.send <- records(204, 50)
	tab.Wait(says(".follow", "50 new"))
	if top := chromium.Eval[string](tab, "("+shown+")[0]"); top != "record 11" {
		t.Errorf("scrolled up, the top row moves to %q", top)
	}
	chromium.Eval[any](tab, `document.querySelector(".list").scrollTop = 1e6`)
	tab.Wait(says(".follow", "following"))
}

func eviction(t *testing.T, b *chromium.Browser) {
	_, tab, s := tailing(t, b, 1, 600)
	key(tab, "g")
	tab.Wait(shows("record 1"))
	before := chromium.Eval[[]string](tab, shown)
	for i := 601; i < 60_000; i += 1000 {
		s.send <- records(i, 1000)
		tab.Wait(says(".follow", fmt.Sprintf("%s new", thousands(i+1000-601)))) // none is skipped
	}
	after := chromium.Eval[[]string](tab, shown)
	if strings.Join(after[:len(before)-1], "\n") != strings.Join(before[:len(before)-1], "\n") {
		t.Errorf("what is on the screen does not stay: %q after %q", after, before)
	}
	chromium.Eval[any](tab, fmt.Sprintf(`document.querySelector(".list").scrollTop = %d`, 10*20))
	tab.Wait(shows("rows are no longer held"))
	tab.Wait(says(".facts", "older rows let go"))
	if kept := chromium.Eval[string](tab, `document.querySelector(".facts").textContent`); !strings.Contains(kept, " 49,") && !strings.Contains(kept, " 50,000 kept") {
		t.Errorf("the page says %q", kept)
	}
}

// thousands writes a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
