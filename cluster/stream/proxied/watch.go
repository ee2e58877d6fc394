package proxied

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"sluice/cluster/httpapi"
	"sluice/cluster/names"
	"sluice/cluster/stream"
)

// watcher reads the list of live streams, through a proxy.
type watcher struct {
	backend *backend
	ctx     context.Context // until it is stopped, or the backend ends
	cancel  context.CancelFunc

	response *response
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
		url:     func() string { return w.backend.address(httpapi.StreamsPath, httpapi.QueryWatch) },
		header:  func(http.Header) {},
		handle:  w.event,
		handled: func() {},
		over:    func() { w.list(nil) },
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
	var list httpapi.StreamsEvent
	if json.Unmarshal(e.Data, &list) != nil {
		return
	}
	live := make([]stream.Live, 0, len(list.Streams))
	for _, s := range list.Streams {
		if names.Check(s.Name) == nil {
			live = append(live, stream.Live{
				Name: strings.Clone(s.Name), Rate: s.Rate, Bytes: s.Bytes, Records: s.Records, Sources: s.Sources,
			})
		}
	}
	w.list(live)
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
