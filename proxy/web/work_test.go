package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"sluice/internal/chromium"
)

// work is what the main thread of a page has done, in milliseconds of its own CPU, so that
// what else the machine does stands in none of it.
type work struct {
	script, style, layout, all float64
}

// working begins to count the work of a page.
func working(t *testing.T, tab *chromium.Tab) func() work {
	t.Helper()
	if _, err := chromedp.Call(tab.Context, performance.Enable, performance.EnableParams{TimeDomain: "threadTicks"}); err != nil {
		t.Fatal(err)
	}
	read := func() (w work) {
		got, err := chromedp.Call(tab.Context, performance.GetMetrics, cdp.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got.Metrics {
			switch m.Name {
			case "ScriptDuration":
				w.script = m.Value * 1000
			case "RecalcStyleDuration":
				w.style = m.Value * 1000
			case "LayoutDuration":
				w.layout = m.Value * 1000
			case "TaskDuration":
				w.all = m.Value * 1000
			}
		}
		return w
	}
	before := read()
	return func() work {
		w := read()
		return work{w.script - before.script, w.style - before.style, w.layout - before.layout, w.all - before.all}
	}
}

func (w work) String() string {
	return fmt.Sprintf("%.0f ms of the main thread's CPU: %.0f of scripts, %.0f of style, %.0f of layout", w.all, w.script, w.style, w.layout)
}
