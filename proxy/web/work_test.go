package web_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"

	"sluice/internal/chromium"
	"sluice/internal/wait"
)

// tasks begins to note how long each task of a page's main thread takes of its CPU, in
// milliseconds: a frame is one, or several.
func tasks(t *testing.T, tab *chromium.Tab) func() []float64 {
	t.Helper()
	var list []float64
	done := make(chan struct{})
	err := chromedp.Listen(tab.Context, func(ev any) {
		switch ev := ev.(type) {
		case *tracing.EventDataCollected:
			list = append(list, durations(ev.Value)...)
		case *tracing.EventTracingComplete:
			close(done)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = chromedp.Call(tab.Context, tracing.Start, tracing.StartParams{
		TransferMode: tracing.StartTransferModeReportEvents,
		TraceConfig:  &tracing.TraceConfig{IncludedCategories: []string{"disabled-by-default-devtools.timeline"}, ExcludedCategories: []string{"*"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() []float64 {
		if _, err := chromedp.Call(tab.Context, tracing.End, cdp.Empty{}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
		case <-time.After(wait.Limit):
			t.Fatal("the trace does not end")
		}
		slices.Sort(list)
		return list
	}
}

// durations are those of the tasks among the events of a trace.
func durations(events []jsonv2.Value) (list []float64) {
	for _, raw := range events {
		var task struct {
			Name     string  `json:"name"`
			Duration float64 `json:"tdur"` // microseconds
		}
		if json.Unmarshal(raw, &task) == nil && task.Name == "RunTask" {
			list = append(list, task.Duration/1000)
		}
	}
	return list
}

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
