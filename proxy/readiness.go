package proxy

import (
	"context"
	"net/http"
	"slices"
	"time"

	"sluice/cluster/stream"
)

// startLimit is after which time a proxy is ready, whatever its consolidators do.
const startLimit = 5 * time.Second

// readiness is why the proxy is not ready, or "". It is once the consolidators are known,
// and each was reached or could not be, and a proxy that has lost all of them stays so: its sessions
// go on, and the next proxy has lost them, too.
func (p *Proxy) readiness() string {
	select {
	case <-p.draining:
		return "it is shutting down"
	default:
	}
	began := p.started.Load()
	switch {
	case began == nil:
		return "it is starting"
	case p.reached.Load():
		return ""
	case slices.ContainsFunc(p.source.Status(), isLookedFor):
		return "it is looking for consolidators"
	case time.Since(*began) < startLimit && slices.ContainsFunc(p.source.Status(), isUntried):
		return "it is connecting to its consolidators"
	}
	p.reached.Store(true)
	return ""
}

// isLookedFor reports whether a status is that of the place where consolidators are found,
// and none has been named there.
func isLookedFor(s stream.Status) bool { return s.Finder && s.State == stream.StateConnecting }

// isUntried reports whether a consolidator was neither reached nor missed yet.
func isUntried(s stream.Status) bool { return s.State == stream.StateConnecting && s.Err == "" }

func (p *Proxy) serveReady(w http.ResponseWriter, _ *http.Request) {
	if why := p.readiness(); why != "" {
		plain(w, http.StatusServiceUnavailable, "not ready: "+why+"\n")
		return
	}
	plain(w, http.StatusOK, "ready\n")
}

// watch tells the admin endpoint when the proxy is ready, and logs what was left out of
// the log of consolidators, until ctx ends.
func (p *Proxy) watch(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for ready := false; ; {
		if !ready && p.readiness() == "" {
			ready = true
			p.setReady()
			tick.Reset(time.Second)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			p.consolidators.settle()
			p.lookForFinder()
		}
	}
}

// setReady tells the admin endpoint, and whoever started it, that the proxy is ready,
// unless it drains.
func (p *Proxy) setReady() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.drained {
		p.admin.SetReady(true)
		p.cfg.Ready()
	}
}

// lookForFinder notes whether the place where consolidators are found can be asked.
// Sessions ask for it with each heartbeat, and not the source.
func (p *Proxy) lookForFinder() {
	name := ""
	for _, s := range p.source.Status() {
		if s.Finder && s.State == stream.StateLost {
			name = s.Name
		}
	}
	p.finder.Store(&name)
}

// unfound is the name of the place where consolidators cannot be found anew now; "" when
// they can. Its address is not for readers.
func (p *Proxy) unfound() string {
	if name := p.finder.Load(); name != nil {
		return *name
	}
	return ""
}
