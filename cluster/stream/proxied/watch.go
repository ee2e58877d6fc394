package proxied

import (
	"context"
	"encoding/json"
	"net/http"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
)

// watcher reads the list of live streams, through a proxy.
type watcher struct {
	backend *backend
	ctx     context.Context // until it is stopped, or the backend ends
	cancel  context.CancelFunc

	response *response
	live     liveStreams // as told so far
}

func newWatcher(p *backend) *watcher {
	w := &watcher{backend: p}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

func (w *watcher) run() {
	w.response = &response{
		backend: w.backend,
		what:    "the list of streams",
		url: func() string {
			return w.backend.address(httpapi.StreamsPath, httpapi.QueryWatch+"="+httpapi.WatchChanges)
		},
		header:  func(http.Header) {},
		handle:  w.event,
		handled: func() {},
		over:    func() { w.live = liveStreams{}; w.list(nil) },
		limit:   maxListEvent,
	}
	w.response.run(w.ctx)
}

func (w *watcher) event(e *httpapi.Event) {
	if len(e.Name) > 0 {
		if string(e.Name) == httpapi.EventEnd {
			w.response.ends(e)
		}
		return
	}
	var what struct {
		httpapi.ChangesEvent
		Streams []httpapi.LiveEvent // the whole list, as proxies without differences send it
	}
	if json.Unmarshal(e.Data, &what) != nil {
		return
	}
	if what.Streams != nil {
		what.ChangesEvent = httpapi.ChangesEvent{All: true, Changed: what.Streams}
	}
	if w.live.take(&what.ChangesEvent) {
		w.list(w.live.list)
	}
}

// list notes which streams are live; nil when that is not known any more.
func (w *watcher) list(live []stream.Live) {
	p := w.backend
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watcher == w {
		p.live = live
	}
}
