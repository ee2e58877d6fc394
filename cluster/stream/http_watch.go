package stream

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"sluice/cluster/names"
)

// watcher reads the list of live streams, through a proxy.
type watcher struct {
	proxied *proxied
	stopped context.Context
	cancel  context.CancelFunc
}

func newWatcher(p *proxied) *watcher {
	w := &watcher{proxied: p}
	w.stopped, w.cancel = context.WithCancel(context.Background())
	return w
}

func (w *watcher) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.stopped, cancel)()
	r := &response{
		proxied: w.proxied,
		what:    "the list of streams",
		url:     func() string { return w.proxied.address("/api/streams", "watch") },
		header:  func(http.Header) {},
		handle:  w.event,
		handled: func() {},
		limit:   maxListEvent,
	}
	r.run(ctx)
}

func (w *watcher) event(e *sseEvent) {
	if len(e.Event) > 0 {
		return
	}
	var list StreamsEvent
	if json.Unmarshal(e.Data, &list) != nil {
		return
	}
	live := make([]Live, 0, len(list.Streams))
	for _, s := range list.Streams {
		if names.Check(s.Name) == nil {
			live = append(live, Live{
				Name: strings.Clone(s.Name), Rate: s.Rate, Bytes: s.Bytes, Records: s.Records, Sources: s.Sources,
			})
		}
	}
	p := w.proxied
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watcher == w {
		p.live = live
	}
}
