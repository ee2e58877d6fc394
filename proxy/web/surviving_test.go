package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sluice/internal/chromium"
)

func wide(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	tab := open(t, b, f, "system")
	s := f.session(t, "system", 1)
	done, each := working(t, tab), tasks(t, tab)
	var fields strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&fields, `,"field_%05d":%d`, i, i)
	}
	for i := range 30 { // of another logger, so that each name is looked for
		s.send <- event(i, fmt.Sprintf(`{"severity":"info","text":"wide %d"%s}`, i, fields.String()))
	}
	s.send <- event(30, `{"level":30,"msg":"`+strings.Repeat("long ", 50_000)+`"}`) + logged(31, 30, "last")
	tab.Wait(shows("last"))
	tab.Wait(fmt.Sprintf(`(%s).length >= document.querySelector(".list").clientHeight / 20`, shown)) // all that there is room for
	key(tab, "k")
	key(tab, "k")
	key(tab, "Enter")
	tab.Wait(`document.querySelector("#record-text").textContent.includes("field_09999")`)
	key(tab, "ArrowRight")
	tab.Wait(`document.querySelector("#record-text").textContent.includes("long long")`)
	w, list := done(), each()
	t.Logf("records of 10,000 fields, and one of 250 kB, shown and opened: %v; the longest tasks %.0f ms", w, list[max(0, len(list)-3):])
}

func relogin(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	f.token = "first"
	tab := open(t, b, f, "system")
	tab.Wait(`document.querySelector("#login").open`)
	tab.Do(chromedp.SendKeys(chromedp.CSS("#token"), "\u201cfirst\u201d\r"))
	tab.Wait(says("#login .why", "this is no token"))
	key(tab, "Escape")
	chromium.Eval[any](tab, `document.querySelector("#login").close()`)
	tab.Do(chromedp.Click(chromedp.CSS("#log-in"))) // who closed the dialog finds it again
	tab.Do(chromedp.SendKeys(chromedp.CSS("#token"), "Bearer fi\u200brst\r"))
	s := f.session(t, "system", 1)
	s.send <- records(1, 2)
	tab.Wait(shows("record 2"))
	tab.Wait(`document.querySelector("#log-in").hidden`)
	// The picker is refused, while the tail goes on.
	f.set(func() { f.token = "second" })
	key(tab, "o")
	tab.Wait(`document.querySelector("#login").open`)
	tab.Do(chromedp.SendKeys(chromedp.CSS("#token"), "second\r"))
	tab.Wait(`!document.querySelector("#login").open`)
	tab.Wait(says("#picker .foot", "0 of 0 live"))
	s.send <- records(3, 1)
	tab.Wait(shows("record 3"))
	if got := chromium.Eval[[]string](tab, shown); len(got) != 3 {
		t.Errorf("a new token repeats, or cuts: %q", got)
	}
	f.set(func() {
		if n := len(f.sessions["system"]); n != 1 {
			t.Errorf("a new token opens %d connections", n)
		}
	})
}

func impostors(t *testing.T, b *chromium.Browser) {
	t.Parallel() // it waits most of its time
	f, tab, s := tailing(t, b, 1, 2)
	f.set(func() {
		f.odd = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }
	})
	close(s.cut)
	tab.Wait(says(".foot .state", "wants a login of its own"))
	var asked atomic.Int32
	f.set(func() {
		f.odd = func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprint(w, "<p>Welcome\n\ndata: {}\n\n")
		}
	})
	tab.Wait(says(".foot .state", "what answers is no proxy of Sluice"))
	f.set(func() {
		f.odd = func(w http.ResponseWriter, r *http.Request) { // a refusal without an end
			w.WriteHeader(http.StatusBadGateway)
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}
	})
	tab.Wait(says(".foot .state", "the proxy answers 502"))
	f.set(func() { f.odd = nil })
	s = f.session(t, "system", 2)
	if s.id != "2" || asked.Load() > 5 {
		t.Errorf("the page goes on after %q, and asked %d times", s.id, asked.Load())
	}
	s.send <- records(3, 1)
	tab.Wait(shows("record 3"))
	want := []string{"record 1", "record 2", "row notice state: the connection broke off; trying again", "row notice state: connected again; what is missing stands below", "record 3"}
	if got := chromium.Eval[[]string](tab, shown); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the rows are %q", got)
	}
}

func wrongClock(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	f.ahead = -time.Hour // so this machine's is an hour ahead
	tab := open(t, b, f, "system")
	s := f.session(t, "system", 1)
	for i := range 50 {
		s.send <- event(i, fmt.Sprintf(`{"v":0,"level":50,"time":"%s","msg":"record %d"}`, time.Now().Add(-time.Hour).UTC().Format(time.RFC3339Nano), i))
	}
	tab.Wait(shows("record 49"))
	tab.Wait(says(".facts", "this machine's clock is 1 h 0 min ahead"))
	tab.Wait(says("[data-is=errors]", "50 err/min"))
	tab.Wait(`/lag [\d.]+ m?s/.test(document.querySelector(".facts").textContent)`)
}

func refiltered(t *testing.T, b *chromium.Browser) {
	_, tab, s := tailing(t, b, 1, 3000)
	key(tab, "g")
	tab.Wait(shows("record 1"))
	chromium.Eval[any](tab, `document.querySelector(".list").scrollTop = 1000 * 20`)
	tab.Wait(shows("record 1001"))
	s.send <- records(3001, 50) + logged(3051, 50, "boom")
	tab.Wait(says(".follow", "51 new (1 error)"))
	typed(tab, ".filter", "/record [0-9]*[05]$|boom/")
	tab.Wait(says(".follow", "11 new (1 error)"))
	tab.Wait(fmt.Sprintf(`(%s)[0] === "record 1005"`, shown))
	typed(tab, ".filter", "")
	tab.Wait(says(".follow", "51 new (1 error)"))
	tab.Wait(fmt.Sprintf(`(%s)[0] === "record 1005"`, shown))
	// What cannot be read is marked where it stands.
	typed(tab, ".filter", "record")
	typed(tab, ".search", "/(/")
	tab.Wait(`document.querySelector(".search").getAttribute("aria-invalid") === "true" && !document.querySelector(".filter").hasAttribute("aria-invalid")`)
}
