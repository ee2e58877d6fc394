package web_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/internal/chromium"
)

// held is what was said before: records a second apart, of which two have each time.
type held struct {
	began   time.Time
	records int
}

func (h *held) at(i int) time.Time { return h.began.Add(time.Duration(i/2) * time.Second) }

func (h *held) event(i int) string {
	return event(i, fmt.Sprintf(`{"v":0,"level":30,"time":%q,"msg":"old %d"}`, h.at(i).UTC().Format("2006-01-02T15:04:05.000Z"), i))
}

// serve answers as the proxy does: the last ones up to a time, or those since one.
func (h *held) serve(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	to, err := time.Parse(time.RFC3339, query.Get("to"))
	if err != nil {
		panic(err)
	}
	first, end := 0, 0
	for end < h.records && !h.at(end).After(to) {
		end++
	}
	if last, err := strconv.Atoi(query.Get("last")); err == nil {
		first = max(0, end-last)
	} else {
		since, err := time.Parse(time.RFC3339, query.Get("since"))
		if err != nil {
			panic(err)
		}
		for first < end && h.at(first).Before(since) {
			first++
		}
	}
	for i := first; i < end; i++ {
		_, _ = fmt.Fprint(w, h.event(i))
	}
}

// few is how many of those that are held the page has at first.
const few = 60

// tailingHeld opens the page on a stream of which it has the last few.
func tailingHeld(t *testing.T, b *chromium.Browser, h *held) (*fake, *chromium.Tab, *session) {
	t.Helper()
	f := newFake(t)
	f.past = h.serve
	tab := open(t, b, f, "system")
	s := f.session(t, "system", 1)
	var live strings.Builder
	for i := h.records - few; i < h.records; i++ {
		live.WriteString(h.event(i))
	}
	s.send <- live.String()
	tab.Wait(shows(fmt.Sprintf("old %d", h.records-1)))
	return f, tab, s
}

// numbers are what all rows that the pane holds say, from a place on, in their order: what is on
// the screen is scrolled through.
func numbers(tab *chromium.Tab, from int) []string {
	return chromium.Eval[[]string](tab, fmt.Sprintf(`(async () => {
		const list = document.querySelector(".pane.active .list"), all = new Map();
		const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 5)));
		const top = list.scrollTop;
		for (let y = %d; ; y += 400) {
			list.scrollTop = y;
			await frame(); await frame();
			for (const r of list.querySelectorAll(".row")) all.set(Number(r.dataset.number), (r.querySelector(".msg") ?? r.querySelector(".what")).textContent);
			if (y > list.scrollHeight) break;
		}
		list.scrollTop = top;
		return [...all].sort((a, b) => a[0] - b[0]).map((r) => r[1]);
	})()`, from*20))
}

func older(t *testing.T, b *chromium.Browser) {
	h := &held{began: time.Now().Add(-time.Hour).Truncate(time.Second), records: 620}
	f, tab, s := tailingHeld(t, b, h)
	key(tab, "g")
	tab.Wait(`document.querySelector(".list").scrollHeight > 500 * 15`)
	// What was on the screen stays where it was.
	top := `document.querySelector(".row.chosen").getBoundingClientRect().top - document.querySelector(".list").getBoundingClientRect().top`
	tab.Wait(says(".row.chosen", "old 560"))
	stands := "(() => { const y = " + top + "; return y >= -1 && y <= 25 })()" // once the list is drawn again
	tab.Wait(stands)
	s.send <- h.event(h.records)
	tab.Wait(says(".follow", "1 new"))
	tab.Wait(stands)
	key(tab, "g")
	tab.Wait(says(".past", "nothing older is held"))
	key(tab, "g")
	tab.Wait(says(".row.chosen", "old 0"))
	got := numbers(tab, 0)
	for i := range h.records + 1 {
		if i >= len(got) || got[i] != fmt.Sprintf("old %d", i) {
			t.Fatalf("row %d of %d is not old %d: %q", i, len(got), i, got)
		}
	}
	asked := len(f.requests())
	key(tab, "g")
	chromium.Eval[int](tab, `fetch("/nothing").then(() => 1)`)
	if n := len(f.requests()); n != asked {
		t.Errorf("where nothing older is held it is asked for %d times more", n-asked)
	}
	// What cannot be had is told.
	f, tab, _ = tailingHeld(t, b, h)
	f.set(func() {
		f.past = func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, "event: dropped\ndata: {\"count\":0,\"unknown\":true,\"hop\":\"archive\",\"reason\":\"history unavailable: nobody there\"}\n\n")
		}
	})
	key(tab, "g")
	tab.Wait(says(".past", "older records: an unknown number of records lost at archive: history unavailable: nobody there"))
	if wrong := tab.Wrong(); len(wrong) > 0 {
		t.Errorf("the page had errors: %q", wrong)
	}
}

func jumped(t *testing.T, b *chromium.Browser) {
	h := &held{began: time.Now().Add(-2 * time.Hour).Truncate(time.Second), records: 4000}
	_, tab, _ := tailingHeld(t, b, h)
	jump := func(text string) {
		key(tab, "T")
		tab.Wait(`document.querySelector("#jump").open`)
		typed(tab, "#jump-time", text)
		chromium.Eval[any](tab, `(document.querySelector("#jump .do").click(), 1)`)
	}
	jump("tomorrow")
	tab.Wait(says("#jump .why", "this is no time"))
	typed(tab, "#jump-time", h.at(1000).UTC().Format("2006-01-02 15:04:05Z"))
	chromium.Eval[any](tab, `(document.querySelector("#jump .do").click(), 1)`)
	tab.Wait(says(".row.chosen", "old 1000"))
	got := numbers(tab, 2) // above them more would be loaded
	var want []string
	for i := 752; i < 1502; i++ { // one time is of two
		want = append(want, fmt.Sprintf("old %d", i))
	}
	gap := len(want)
	if len(got) != gap+1+few || strings.Join(got[:gap], "\n") != strings.Join(want, "\n") || !strings.HasPrefix(got[gap], "not loaded: ") || got[gap+1] != "old 3940" {
		t.Fatalf("%d rows: %q", len(got), got)
	}
	// From the gap it goes on.
	chromium.Eval[any](tab, `(document.querySelector(".list").scrollTop = 740 * 20, 1)`)
	tab.Wait(shows("not loaded: "))
	chromium.Eval[any](tab, `([...document.querySelectorAll(".row.seam")].at(-1).click(), 1)`)
	tab.Wait(says(".row.chosen", "old 1500"))
	tab.Wait(shows("old 1505"))
	// A time that is there is gone to, and nothing is loaded.
	jump(h.at(3996).UTC().Format("2006-01-02 15:04:05Z"))
	tab.Wait(says(".row.chosen", "old 3996"))
	if wrong := tab.Wrong(); len(wrong) > 0 {
		t.Errorf("the page had errors: %q", wrong)
	}
}
