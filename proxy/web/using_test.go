package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"sluice/internal/chromium"
	"sluice/internal/wait"
)

func filters(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	tab := open(t, b, f, "system")
	s := f.session(t, "system", 1)
	s.send <- logged(1, 30, "GET /health 200", "status", 200) + logged(2, 50, "GET /api 500", "status", 500) +
		logged(3, 40, "slow query", "ms", 12.5) + logged(4, 20, "cache statistics")
	tab.Wait(shows("cache"))
	all := chromium.Eval[[]string](tab, shown)
	for filter, want := range map[string][]int{
		"-health": {1, 2, 3}, "status>=500": {1}, "/q[u]ery|api/": {1, 2}, "level>=warn": {1, 2}, "ms<13": {2}, "GET -api": {0},
	} {
		typed(tab, ".filter", filter)
		var list []string
		for _, i := range want {
			list = append(list, all[i])
		}
		tab.Wait(fmt.Sprintf("(%s).join('\\n') === %s", shown, quote(strings.Join(list, "\n"))))
	}
	typed(tab, ".filter", "status>=")
	tab.Wait(says(".problem", `status>= wants a value after it`))
	typed(tab, ".filter", "")
	for range 3 {
		key(tab, "l")
	}
	tab.Wait(fmt.Sprintf("(%s).length === 2", shown))
	s.send <- logged(5, 30, "unseen") + logged(6, 50, "seen")
	tab.Wait(shows("seen"))
	if chromium.Eval[bool](tab, shows("unseen")) {
		t.Error("new records pass a level that is below")
	}
	key(tab, "0")
	tab.Wait(shows("unseen"))
	typed(tab, ".search", "get")
	tab.Wait(says(".tools .found", "2"))
	tab.Wait(`document.querySelectorAll(".row mark").length === 2`)
	key(tab, "N")
	tab.Wait(says(".tools .found", "2/2"))
	key(tab, "N")
	tab.Wait(says(".tools .found", "1/2"))
	tab.Wait(says(".row.chosen", "/health"))
	key(tab, "e")
	tab.Wait(says(".row.chosen", "/api 500"))
}

func endless(t *testing.T, b *chromium.Browser) {
	t.Parallel() // it waits most of its time
	f := newFake(t)
	// The second one ends on the text itself, and never on that as a row shows it: cut off.
	tab := open(t, b, f, "system;filter=%2F%28a%2B%29%2B%24%2F&tenant%2Facme;search=%2F%28a%2B%29%2B%24%2F") // /(a+)+$/
	s := f.session(t, "system", 1)
	s.send <- logged(1, 30, strings.Repeat("a", 40)+"b")
	f.session(t, "tenant/acme", 1).send <- logged(1, 30, strings.Repeat("a", 5000))
	tab.Wait(`[...document.querySelectorAll(".problem")].every((e) => e.textContent.includes("takes too long"))`)
	tab.Wait(`[...document.querySelectorAll(".list")].every((e) => e.textContent.includes("aaaa"))`)
	s.send <- logged(2, 30, "goes on")
	tab.Wait(shows("goes on"))
}

func links(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	tab := open(t, b, f, "tenant%2Facme;level=warn;filter=-health%3B%26;search=x&system")
	s := f.session(t, "tenant/acme", 1)
	f.session(t, "system", 1)
	s.send <- logged(1, 40, "x 1") + logged(2, 30, "x 2") + logged(3, 40, "health;&")
	tab.Wait(shows("x 1"))
	if got := chromium.Eval[[]string](tab, shown); len(got) != 1 {
		t.Errorf("the view shows %q", got)
	}
	typed(tab, ".filter", "a=b c")
	tab.Wait(`location.hash === "#tenant%2Facme;level=warn;filter=a%3Db%20c;search=x&system"`)
	chromium.Eval[any](tab, `location.hash = "#tenant%2Fother"`)
	tab.Wait(says(".foot .state", "refused: the token does not name this stream"))
	if n := chromium.Eval[int](tab, `document.querySelectorAll(".pane").length`); n != 1 {
		t.Errorf("a changed link leaves %d panes", n)
	}
}

func login(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	f.token = "first"
	tab := open(t, b, f, "system")
	enter := func(token string) {
		tab.Wait(`document.querySelector("#login").open`)
		tab.Do(chromedp.SendKeys(chromedp.CSS("#token"), token+"\r"))
	}
	enter("wrong")
	tab.Wait(says("#login .why", "a token is wanted"))
	enter("first")
	s := f.session(t, "system", 1)
	s.send <- records(1, 2)
	tab.Wait(shows("record 2"))
	// The token runs out: the page asks for another one, and goes on where it was.
	f.set(func() { f.token = "second" })
	close(s.cut)
	enter("second")
	s = f.session(t, "system", 2)
	if s.id != "2" {
		t.Errorf("after a new token the page goes on after %q", s.id)
	}
	s.send <- records(3, 1)
	tab.Wait(shows("record 3"))
	chromium.Eval[any](tab, `location.reload()`)
	f.session(t, "system", 3) // the tab keeps it
	for _, r := range f.requests() {
		if strings.Contains(r.URL.String(), "first") || strings.Contains(r.URL.String(), "second") || r.Header.Get("Cookie") != "" || r.Referer() != "" {
			t.Errorf("the token, or more than is needed, stands in %s %v", r.URL, r.Header)
		}
	}
	if at := chromium.Eval[string](tab, "location.href + JSON.stringify(localStorage)"); strings.Contains(at, "second") {
		t.Errorf("the token stands in %q", at)
	}
	tab.Wait(`!document.querySelector("#logout").hidden`)
	tab.Do(chromedp.Click(chromedp.CSS("#logout")))
	tab.Wait(`document.querySelector("#login")?.open && sessionStorage.length === 0`)
}

func picker(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	var list strings.Builder
	list.WriteString(`{"all":true,"changed":[`)
	for i := range 50_000 {
		fmt.Fprintf(&list, `{"name":"tenant/customer-%05d-%s","rate":%d,"sources":3},`, i, []string{"web", "batch", "api"}[i%3], i%100)
	}
	list.WriteString(`{"name":"tenant/<b>zebra</b>","rate":0.5,"sources":1}]}`)
	f.streams = []byte(list.String())
	tab := open(t, b, f, "")
	tab.Wait(says("#picker .foot", "50,001 of 50,001 live"))
	f.changes <- `{"changed":[{"name":"tenant/late","rate":7,"sources":1}]}`
	tab.Wait(says("#picker .foot", "50,002 of 50,002 live"))
	f.changes <- `{"changed":[],"gone":["tenant/late"]}`
	tab.Wait(says("#picker .foot", "50,001 of 50,001 live"))
	// What a key costs, from when it is typed to when the list is laid out.
	times := chromium.Eval[[]float64](tab, `(() => {
		const input = document.querySelector("#picker input"), times = [];
		for (const text of ["c", "cu", "c49", "c499", "tenant/customer-0", "bat", "zz", "zeb", "", "7b"]) {
			const began = performance.now();
			input.value = text;
			input.dispatchEvent(new Event("input"));
			document.querySelector("#picker .names").getBoundingClientRect();
			times.push(performance.now() - began);
		}
		return times.sort((a, b) => a - b);
	})()`)
	t.Logf("a key among 50,000 names: median %.0f ms, worst %.0f ms", times[len(times)/2], times[len(times)-1])
	if times[len(times)/2] > 5000 { // 50 on a quiet machine
		t.Errorf("a key takes %v ms", times)
	}
	typed(tab, "#picker input", "zebr")
	tab.Wait(says(`#picker [aria-selected="true"] .name`, "tenant/<b>zebra</b>"))
	tab.Wait(says(`#picker [aria-selected="true"] .rate`, "0.5/s"))
	tab.Do(chromedp.KeyEvent("\r"))
	f.session(t, "tenant/<b>zebra</b>", 1)
	key(tab, "+")
	tab.Wait(`document.querySelector("#picker").open`)
	tab.Do(chromedp.KeyEvent("customer-00007\r"))
	f.session(t, "tenant/customer-00007-batch", 1)
	if n := chromium.Eval[int](tab, `document.querySelectorAll(".pane").length`); n != 2 {
		t.Errorf("there are %d panes", n)
	}
}

func opened(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	tab := open(t, b, f, "system")
	s := f.session(t, "system", 1)
	s.send <- event(1, `{"v":0,"name":"web","hostname":"vm-1","pid":7,"level":50,"time":"2026-03-01T12:00:00.000Z","msg":"failed\nbadly","id":12345678901234567890,`+
		`"err":{"name":"Error","message":"boom","stack":"Error: boom\n    at a.js:1","code":"E1"},"req":{"method":"GET","url":"/api","headers":{"host":"x"}},"res":{"statusCode":502},"a":{"b":[1,{"c":null}]}}`)
	tab.Wait(shows("failed"))
	tab.Do(chromedp.Click(chromedp.CSS(".row")))
	tab.Wait(`!document.querySelector("#record").hidden`)
	got := chromium.Eval[[]string](tab, `[...document.querySelectorAll("#record-text > *")].map((e) => [...e.childNodes].filter((c) => c.className !== "offers").map((c) => c.textContent).join(""))`)
	text := strings.Join(got[1:], "\n")
	if want := `levelERROR
nameweb
hostvm-1
pid7
streamsystem
Message
failed
badly
Error
Error: boom
    at a.js:1
code: "E1"
Request
GET /api HTTP/1.1
host: x
Response
HTTP/1.1 502
Fields
id: 12345678901234567890
a: {
b: [
1,
{
c: null
}
]
}`; text != want {
		t.Errorf("the record says\n%s", text)
	}
	chromium.Eval[any](tab, `document.querySelector('#record-text [aria-label="hide this value of name"]').click()`)
	tab.Wait(`document.querySelector(".filter").value === "name!=web"`)
	tab.Wait(fmt.Sprintf("(%s).length === 0", shown))
}

func download(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	tab := open(t, b, f, "tenant%2Facme;filter=-no")
	s := f.session(t, "tenant/acme", 1)
	dir := t.TempDir()
	_, err := chromedp.CallBrowser(tab.Context, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: "allow", DownloadPath: dir, BrowserContextID: chromedp.FromContext(tab.Context).BrowserContextID,
	})
	if err != nil {
		t.Fatal(err)
	}
	yes, no := logged(1, 30, "yes \u202e"), logged(2, 30, "no")
	s.send <- yes + no + "event: dropped\nid: 3\ndata: {\"count\":5,\"hop\":\"proxy\"}\n\n"
	tab.Wait(shows("5 records lost"))
	key(tab, "s")
	var got []byte
	wait.For(t, "the file is there", func() bool {
		got, err = os.ReadFile(filepath.Join(dir, "tenant-acme.ndjson"))
		return err == nil && strings.Count(string(got), "\n") == 2
	})
	lines := strings.Split(string(got), "\n")
	_, data, _ := strings.Cut(yes, "data: ")
	if lines[0] != strings.TrimSpace(data) || !strings.Contains(lines[1], `"name":"sluice"`) || !strings.Contains(lines[1], "5 records lost at proxy") {
		t.Errorf("the file has %q", lines)
	}
}

func skips(t *testing.T, b *chromium.Browser) {
	f, tab, s := tailing(t, b, 0, 1)
	// The page is held up for as long as so many records take to come that most of them
	// have gone through all buffers.
	const all = 80_000
	go func() {
		for i := 1; i < all; i += 1000 {
			s.send <- records(i, 1000)
		}
		close(f.held)
	}()
	chromium.Eval[any](tab, `(() => { const r = new XMLHttpRequest(); r.open("GET", "/hold", false); r.send(); return 1 })()`)
	s.send <- logged(all+1, 30, "last")
	tab.Wait(shows("last"))
	for range 5 {
		key(tab, "l") // what is no record passes every level
	}
	tab.Wait(shows("this page could not keep up"))
	// What is kept and what is skipped come to all.
	number := regexp.MustCompile(`([\d,]+) (kept|older row|skipped)`)
	wait.For(t, "all records are kept, let go or skipped", func() bool {
		sum := -chromium.Eval[int](tab, `document.querySelectorAll(".row.skip").length`) // which are kept as well
		for _, m := range number.FindAllStringSubmatch(chromium.Eval[string](tab, `document.querySelector(".facts").textContent`), -1) {
			n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
		return sum == all+2
	})
}

func spoken(t *testing.T, b *chromium.Browser) {
	t.Parallel() // it waits most of its time
	f := newFake(t)
	tab := open(t, b, f, "system")
	s := f.session(t, "system", 1)
	s.send <- records(1, 40) + logged(41, 50, "boom \u202e")
	tab.Wait(shows("boom"))
	tab.Wait(`/^system: \d+ new records?, 1 error; last boom \\u202e$/.test(document.querySelector("#news[role=log][aria-live=polite]").textContent)`)
	key(tab, "k")
	tab.Wait(`document.getElementById(document.querySelector(".list").getAttribute("aria-activedescendant"))?.getAttribute("aria-selected") === "true"`)
	got := chromium.Eval[[]string](tab, `[...document.querySelectorAll("button, input, select, [role=listbox], [role=region], dialog, section, aside")]
		.filter((e) => !(e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || e.labels?.length || e.textContent.trim()))
		.map((e) => e.outerHTML)`)
	if len(got) > 0 {
		t.Errorf("nameless: %q", got)
	}
	place := chromium.Eval[string](tab, `document.querySelector(".row.chosen").getAttribute("role") + document.querySelector(".row.chosen").getAttribute("aria-posinset")`)
	if place != "option40" {
		t.Errorf("the row above the last is %q", place)
	}
}

func phone(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	tab := b.Open(t, 390, 700)
	tab.Do(chromedp.Navigate(f.URL + "/#system&tenant%2Facme"))
	f.session(t, "system", 1).send <- records(1, 200)
	f.session(t, "tenant/acme", 1).send <- logged(1, 30, "of acme")
	tab.Wait(shows("record 200"))
	if wide := chromium.Eval[int](tab, `Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll("body *")].filter((e) => e.getClientRects().length && !e.closest(".row")).map((e) => Math.round(e.getBoundingClientRect().right)))`); wide > 390 {
		t.Errorf("the page is %d wide", wide)
	}
	const visible = `[...document.querySelectorAll(".pane")].filter((e) => e.getClientRects().length).length`
	if n := chromium.Eval[int](tab, visible); n != 1 {
		t.Errorf("%d tails are shown", n)
	}
	tab.Do(chromedp.Click(chromedp.CSS("#tabs .tab:nth-child(2)")))
	tab.Wait(shows("of acme"))
	tab.Do(chromedp.Click(chromedp.CSS(".pane.active .row")))
	tab.Wait(`!document.querySelector("#record").hidden && document.querySelector("#record").getBoundingClientRect().width === 390`)
	tab.Do(chromedp.Click(chromedp.CSS("#record-close")))
	tab.Wait(visible + " === 1")
	// Turned, it has lower rows, which stand below one another.
	const apart = `(() => { const tops = [...document.querySelectorAll(".pane.active .row")].map((r) => r.getBoundingClientRect().top).sort((a, b) => a - b);
		return tops.length > 5 && tops.every((t, i) => i === 0 || t - tops[i - 1] === %d); })()`
	tab.Do(chromedp.Click(chromedp.CSS("#tabs .tab:nth-child(1)")))
	for _, p := range []struct{ width, height, row int64 }{{844, 390, 20}, {390, 700, 42}} {
		key(tab, "k")
		tab.Do(chromedp.EmulateViewport(p.width, p.height))
		tab.Wait(fmt.Sprintf(apart, p.row))
	}
}
