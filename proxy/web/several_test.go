package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"sluice/internal/chromium"
	"sluice/internal/wait"
)

// wrapped is an event with a record of a stream.
func wrapped(id int, stream, record string) string {
	return event(id, `{"stream":`+quote(stream)+`,"record":`+record+"}")
}

func several(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	tab := open(t, b, f, "system%2Btenant%2F*;search=two")
	s := f.session(t, "system + tenant/*", 1)
	record := func(msg string) string {
		_, data, _ := strings.Cut(logged(1, 30, msg), "data: ")
		return strings.TrimSpace(data)
	}
	s.send <- wrapped(1, "system", record("one")) + wrapped(2, `tenant/"}\x`, record("two")) +
		"event: dropped\nid: 3\ndata: {\"stream\":\"tenant/acme\",\"count\":5,\"hop\":\"proxy\"}\n\n" +
		"event: repeats\nid: 3\ndata: {\"stream\":\"system\",\"reason\":\"more than 16 places\"}\n\n" +
		wrapped(4, "tenant/acme", record("three")) + wrapped(5, "tenant/\u202eb", record("four"))
	tab.Wait(shows("four"))
	const rows = `[...document.querySelectorAll(".row")].sort((a, b) => a.dataset.number - b.dataset.number)
		.map((r) => (r.querySelector(".stream, .of")?.textContent ?? "") + ": " + r.querySelector(".body, .what").textContent)`
	want := []string{
		"system: one", `tenant/"}\x: two`, "tenant/acme: 5 records lost at proxy",
		"system: what follows may hold records that came before: more than 16 places", "tenant/acme: three", `tenant/\u202eb: four`,
	}
	if got := chromium.Eval[[]string](tab, rows); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the rows are %q", got)
	}
	tab.Wait(says(".tools .found", "1"))
	// The link is the same again, and one id leads on in all of them.
	close(s.cut)
	s = f.session(t, "system + tenant/*", 2)
	if s.id != "5" {
		t.Errorf("the page goes on after %q", s.id)
	}
	s.send <- "event: source\nid: 5\ndata: {\"n\":2,\"stream\":\"system\",\"consolidator\":\"vm-1\",\"state\":\"lost\"}\n\n" +
		"event: source\nid: 5\ndata: {\"n\":2,\"stream\":\"tenant/acme\",\"consolidator\":\"vm-1\",\"state\":\"live\"}\n\n"
	tab.Wait(says(".foot .state", "1 of 1 consolidator missing: vm-1 is lost"))
	typed(tab, ".filter", "stream~^tenant")
	tab.Wait(fmt.Sprintf("(%s).every((r) => !r.startsWith('system: one')) && (%s).some((r) => r.includes('three'))", rows, rows))
	tab.Wait(`location.hash === "#system%2Btenant%2F*;filter=stream~%5Etenant;search=two"`)
	tab.Do(chromedp.Click(chromedp.CSS(".row:has(.body)")))
	tab.Wait(`/^stream ?tenant/.test([...document.querySelectorAll("#record-text .line")].find((e) => e.textContent.startsWith("stream"))?.textContent)`)
	key(tab, "Escape")
	dir := t.TempDir()
	_, err := chromedp.CallBrowser(tab.Context, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: "allow", DownloadPath: dir, BrowserContextID: chromedp.FromContext(tab.Context).BrowserContextID,
	})
	if err != nil {
		t.Fatal(err)
	}
	key(tab, "s")
	wait.For(t, "the file says of which stream each record is", func() bool {
		got, err := os.ReadFile(filepath.Join(dir, "system-tenant-.ndjson"))
		return err == nil && strings.Contains(string(got), `{"stream":"tenant/acme","record":`+record("three")[:20])
	})
	if wrong := tab.Wrong(); len(wrong) > 0 {
		t.Errorf("the page had errors: %q", wrong)
	}
}

func marking(t *testing.T, b *chromium.Browser) {
	f := newFake(t)
	f.streams = []byte(`{"all":true,"changed":[{"name":"system","rate":1,"sources":1},{"name":"tenant/a*b","rate":2,"sources":1},{"name":"tenant/a+b","rate":2,"sources":1},{"name":"tenant/c","rate":2,"sources":1}]}`)
	tab := open(t, b, f, "")
	tab.Wait(says("#picker .foot", "4 of 4 live"))
	press := func(keys string) { tab.Do(chromedp.KeyEvent(keys)) }
	press("sys ")
	tab.Wait(says("#picker .marked", "1 marked: system"))
	press("a+b ")
	tab.Wait(says("#picker .marked", "2 marked"))
	press("a*b")
	tab.Wait(says("#picker [role=option] .name", "tenant/a*b"))
	tab.Do(chromedp.Click(chromedp.CSS("#picker [role=option] .mark"))) // on a phone there is no blank to press
	tab.Wait(says("#picker .marked", `3 marked: system, tenant/a+b, tenant/a\*b`))
	tab.Wait(`document.querySelectorAll('#picker [aria-checked="true"]').length === 1`)
	press("\r")
	f.session(t, `system + tenant/a+b + tenant/a\*b`, 1)
	tab.Wait(`location.hash === "#system%2Btenant%2Fa%5C%2Bb%2Btenant%2Fa%5C*b"`)
	chromium.Eval[any](tab, `location.reload()`)
	f.session(t, `system + tenant/a+b + tenant/a\*b`, 2)
	key(tab, "o")
	tab.Wait(`document.querySelector("#picker").open`)
	press("tenant/*")
	tab.Wait(`[...document.querySelectorAll("#picker [role=option]")].some((e) => e.textContent.includes("all that match: 3 live"))`)
	typed(tab, "#picker input", "tenant/**")
	press("\r")
	f.session(t, "tenant/**", 1)
}
