package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sluice/internal/chromium"
)

func reached(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	tab := open(t, b, f, "system;search=a&tenant%2Facme")
	f.session(t, "system", 1).send <- records(1, 50) + logged(51, 50, strings.Repeat("line\n", 100))
	f.session(t, "tenant/acme", 1).send <- records(1, 5)
	tab.Wait(shows("line"))
	// Tab goes through all that can be used, and does not stay in the tails.
	const usable = `[...document.querySelectorAll("button, input, select, .list, #record-text")].filter((e) => e.getClientRects().length)`
	n := chromium.Eval[int](tab, usable+`.length`)
	var met []int
	for range n + 5 {
		tab.Do(chromedp.KeyEvent(kb.Tab))
		if at := chromium.Eval[int](tab, usable+`.indexOf(document.activeElement)`); at >= 0 && !slices.Contains(met, at) {
			met = append(met, at)
		}
	}
	if len(met) != n {
		slices.Sort(met)
		t.Errorf("of %d things that can be used, Tab meets %v", n, met)
	}
	if chromium.Eval[bool](tab, `document.activeElement.matches(":focus-visible") && getComputedStyle(document.activeElement).outlineStyle === "none"`) {
		t.Error("the focus cannot be seen")
	}
	// w goes from tail to tail.
	chromium.Eval[any](tab, `document.querySelector(".list").focus()`)
	tab.Wait(`document.querySelector(".pane").classList.contains("active")`)
	key(tab, "w")
	tab.Wait(`document.querySelectorAll(".pane")[1].classList.contains("active")`)
	key(tab, "w")
	tab.Wait(`document.querySelector(".pane").classList.contains("active")`)
	// A record gets the focus, is scrolled, and gives the focus back.
	key(tab, "k")
	key(tab, "j")
	key(tab, "k")
	chromium.Eval[any](tab, `document.querySelector(".list").focus()`)
	key(tab, "G")
	tab.Wait(says(".pane.active .follow", "following"))
	tab.Do(chromedp.KeyEvent(kb.Enter))
	tab.Wait(`document.activeElement.id === "record-text"`)
	tab.Do(chromedp.KeyEvent(kb.End))
	tab.Wait(`document.activeElement.scrollTop > 0 && document.activeElement.scrollTop + document.activeElement.clientHeight >= document.activeElement.scrollHeight - 1`)
	tab.Do(chromedp.KeyEvent(kb.Home))
	tab.Wait(`document.activeElement.scrollTop === 0`)
	tab.Do(chromedp.KeyEvent(kb.Escape))
	tab.Wait(`document.activeElement.matches(".pane.active .list")`)
	// Opening a stream in the place of a tail closes the record of that.
	tab.Do(chromedp.KeyEvent(kb.Enter))
	tab.Wait(`!document.querySelector("#record").hidden`)
	key(tab, "o")
	tab.Do(chromedp.KeyEvent("other\r"))
	f.session(t, "other", 1)
	tab.Wait(`document.querySelector("#record").hidden`)
	// What changes all the time is read to nobody, and no live region comes and goes with
	// what it says.
	live := chromium.Eval[[]string](tab, `[...document.querySelectorAll("[role=status], [role=log], [aria-live]")].map((e) => e.id || e.classList[0])`)
	slices.Sort(live)
	if got := strings.Join(slices.Compact(live), " "); got != "marked news past said state" {
		t.Errorf("live regions are %q", got)
	}
}

// ratios returns, of each element that shows text of its own, what it is and the ratio of
// contrast between its text and its ground, when that is below 4.5.
const ratios = `(() => {
	const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
	const rgba = (text) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
	const light = (c) => c.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const groundOf = (e) => {
		for (; e; e = e.parentElement) {
			const c = rgba(getComputedStyle(e).backgroundColor);
			if (c[3] === 255) return c;
			if (c[3] !== 0) throw new Error("a ground that one sees through: " + e.className);
		}
		return rgba(getComputedStyle(document.body).backgroundColor);
	};
	const wrong = [];
	let n = 0;
	const check = (e, style, what) => {
		n++;
		const a = light(rgba(style.color)), b = light(groundOf(e));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) wrong.push(what + " " + ratio.toFixed(2));
	};
	for (const e of document.querySelectorAll("body *")) {
		if (!e.getClientRects().length) continue;
		const what = e.tagName + "." + e.className + " in " + e.parentElement.className;
		if (e.placeholder) check(e, getComputedStyle(e, "::placeholder"), "placeholder of " + what);
		if (e.value && e.tagName !== "BUTTON" || [...e.childNodes].some((c) => c.nodeType === 3 && c.data.trim())) check(e, getComputedStyle(e), what);
	}
	return { n, wrong: [...new Set(wrong)] };
})()`

func contrast(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	f.streams = []byte(`{"all":true,"changed":[{"name":"system","rate":1,"sources":1},{"name":"tenant/acme","rate":2,"sources":1}]}`)
	tab := open(t, b, f, "system;search=boom&system%2Btenant%2F*")
	s := f.session(t, "system", 1)
	for i, level := range []int{0, 10, 20, 30, 40, 50, 60, 35} {
		s.send <- logged(i, level, "boom", "name", fmt.Sprint("app", i), "hostname", fmt.Sprint("web-", i), "err", map[string]any{"message": "bad", "stack": "a\n  b"}, "ok", true, "n", 5)
	}
	s.send <- "event: dropped\nid: 9\ndata: {\"count\":5,\"hop\":\"proxy\"}\n\nevent: repeats\ndata: {}\n\n" +
		"event: source\nid: 9\ndata: {\"n\":2,\"consolidator\":\"vm-2\",\"state\":\"lost\"}\n\n" +
		"event: source\nid: 9\ndata: {\"n\":2,\"consolidator\":\"vm-3\",\"state\":\"connecting\"}\n\n" +
		event(10, `{"level":"WHAT","msg":"boom"}`)
	m := f.session(t, "system + tenant/*", 1)
	m.send <- wrapped(1, "tenant/acme", `{"level":50,"msg":"boom"}`) + "event: dropped\nid: 2\ndata: {\"stream\":\"system\",\"count\":5,\"hop\":\"proxy\"}\n\n"
	tab.Wait(shows("came before"))
	tab.Wait(`document.querySelectorAll(".pane:last-child .row").length === 2`)
	check := func(what string) {
		for _, theme := range []string{"dark", "light"} {
			chromium.Eval[any](tab, fmt.Sprintf(`document.documentElement.dataset.theme = %q`, theme))
			got := chromium.Eval[struct {
				N     int      `json:"n"`
				Wrong []string `json:"wrong"`
			}](tab, ratios)
			if got.N < 20 || len(got.Wrong) > 0 {
				t.Errorf("%s, %s: of %d texts, these do not stand out: %q", what, theme, got.N, got.Wrong)
			}
		}
	}
	key(tab, "k")
	key(tab, "k") // a notice, chosen
	check("rows and a notice")
	key(tab, "g")
	tab.Wait(`document.querySelector(".row.chosen .body")`)
	typed(tab, ".filter", "status>=")
	check("a record, and a filter that is wrong")
	typed(tab, ".filter", "")
	tab.Wait(`document.querySelector(".tools .found").textContent.endsWith("9")`)
	key(tab, "g")
	key(tab, "Enter")
	tab.Wait(`!document.querySelector("#record").hidden`)
	check("an open record")
	key(tab, "Escape")
	key(tab, "?")
	check("the help")
	chromium.Eval[any](tab, `document.querySelector("#help").close()`)
	key(tab, "o")
	tab.Wait(says("#picker .foot", "2 of 2 live"))
	tab.Do(chromedp.KeyEvent("sys "))
	check("the picker")
	chromium.Eval[any](tab, `(() => { document.querySelector("#picker").close(); document.querySelector("#login").showModal(); document.querySelector("#login .why").textContent = "why"; document.querySelector("#log-in").hidden = false })()`)
	check("the login")
}

func narrow(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	f.streams = []byte(`{"all":true,"changed":[{"name":"tenant/` + strings.Repeat("long", 60) + `","rate":1,"sources":1}]}`)
	tab := b.Open(t, 320, 560)
	tab.Do(chromedp.Navigate(f.URL + "/#" + strings.Repeat("n", 200) + "%2Btenant%2F*;search=x&system"))
	s := f.session(t, strings.Repeat("n", 200)+" + tenant/*", 1)
	for i := range 12 {
		s.send <- fmt.Sprintf("event: source\nid: 1\ndata: {\"n\":1,\"consolidator\":\"vm-%d.%s\",\"state\":\"lost\"}\n\n", i, strings.Repeat("example", 8))
	}
	s.send <- wrapped(2, strings.Repeat("n", 200), `{"level":50,"name":"`+strings.Repeat("app", 50)+`","hostname":"`+strings.Repeat("h", 200)+`","msg":"`+strings.Repeat("x", 500)+`"}`) +
		"event: dropped\nid: 3\ndata: {\"stream\":\"" + strings.Repeat("n", 200) + "\",\"count\":5,\"hop\":\"proxy\",\"reason\":\"" + strings.Repeat("why ", 100) + "\"}\n\n"
	tab.Wait(shows("lost"))
	fits := func(what string) {
		if wide := chromium.Eval[[]string](tab, `[...document.querySelectorAll("body *")].filter((e) => e.getClientRects().length && !e.closest(".row") && !e.closest("#tabs") && !e.parentElement.closest(".name") && e.getBoundingClientRect().right > 320.5).map((e) => e.outerHTML.slice(0, 200)).slice(0, 3)`); len(wide) > 0 {
			t.Errorf("%s is wider than the screen: %q", what, wide)
		}
		if chromium.Eval[bool](tab, `document.documentElement.scrollWidth > 320 || document.body.scrollWidth > 320`) {
			t.Errorf("%s is scrolled sideways", what)
		}
	}
	fits("a tail")
	if rows := chromium.Eval[float64](tab, `document.querySelector(".pane.active .list").clientHeight`); rows < 84 {
		t.Errorf("the rows have %v pixels", rows)
	}
	key(tab, "k")
	key(tab, "k")
	key(tab, "Enter")
	tab.Wait(`!document.querySelector("#record").hidden`)
	fits("a record")
	key(tab, "Escape")
	key(tab, "o")
	tab.Wait(says("#picker .names", "longlong"))
	fits("the picker")
	chromium.Eval[any](tab, `(() => { document.querySelector("#picker").close(); document.querySelector("#help").showModal() })()`)
	fits("the help")
}
