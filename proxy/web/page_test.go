package web_test

import (
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"sluice/internal/foreign"
	"sluice/proxy/web"
)

// browser is as much of one as the page's script needs. It gives the page events, and
// prints what the page shows of its state after each.
const browser = `
const nodes = {};
const node = () => ({ textContent: "", value: "", childElementCount: 0, append() {}, replaceChildren() {}, addEventListener() {} });
globalThis.document = { getElementById: (id) => nodes[id] ??= node(), createElement: node, documentElement: { scrollHeight: 0 } };
globalThis.location = { hash: "" };
globalThis.innerHeight = globalThis.scrollY = 0;
globalThis.scrollTo = globalThis.addEventListener = () => {};
globalThis.fetch = () => new Promise(() => {});
let opened;
globalThis.EventSource = class {
  handlers = {};
  constructor() { opened = this; }
  addEventListener(name, f) { this.handlers[name] = f; }
};
const tell = () => console.log(nodes.state.textContent);
const told = (n, consolidator, state) => { opened.handlers.source({ data: JSON.stringify({ n, consolidator, state }) }); tell(); };
PAGE
opened.onopen(); tell();
told(1, "127.0.0.1:5552", "connecting");
told(1, "vm-1", "live");
told(2, "vm-2", "live");
told(3, "vm-1", "lost");
told(1, "vm-1", "lost");
told(4, "<b>x</b>", "unaccounted");
told(5, "vm-5", "connecting");
told(6, "vm-6", "lost");
told(7, "vm-7", "lost");
opened.readyState = 0; opened.onerror(); tell();
opened.onopen(); tell();
`

// Whoever looks at the page sees when nothing can come from a consolidator.
func TestPageTellsOfLostConsolidators(t *testing.T) {
	foreign.Need(t, "nodejs")
	w := httptest.NewRecorder()
	web.Serve(w)
	_, rest, _ := strings.Cut(w.Body.String(), "<script>")
	script, _, found := strings.Cut(rest, "</script>")
	if !found {
		t.Fatal("the page has no script")
	}
	out, err := exec.CommandContext(t.Context(), "node", "-e", strings.Replace(browser, "PAGE", script, 1)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := []string{
		"live",
		"1 of 1 consolidators missing: 127.0.0.1:5552 is connecting",
		"live",
		"live",
		"1 of 2 consolidators missing: vm-1 is lost",
		"1 of 2 consolidators missing: vm-1 is lost",
		"1 of 3 consolidators missing: vm-1 is lost; what is lost at <b>x</b> is unknown",
		"2 of 4 consolidators missing: vm-1 is lost, vm-5 is connecting; what is lost at <b>x</b> is unknown",
		"3 of 5 consolidators missing: vm-1 is lost, vm-5 is connecting, vm-6 is lost; what is lost at <b>x</b> is unknown",
		"4 of 6 consolidators missing: vm-1 is lost, vm-5 is connecting, vm-6 is lost, …; what is lost at <b>x</b> is unknown",
		"reconnecting",
		"live",
	}
	if got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"); !slices.Equal(got, want) {
		t.Errorf("the page says\n%s", strings.Join(got, "\n"))
	}
}
