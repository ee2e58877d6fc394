package stream

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/cluster/rescue"
)

// proxied reads through a proxy: one HTTP response for each tail, and one for
// the list of live streams while that is watched.
type proxied struct {
	cfg    Config
	base   *url.URL
	name   string // of the proxy: its host and port
	out    *inbox
	client *http.Client

	mu      sync.Mutex
	running *rescue.Group // of run; nil before
	tails   map[string]*proxiedTail
	watcher *watcher
	live    []Live
	self    Status
	had     int               // responses that are open
	sources map[string]Status // consolidators, as the proxy tells
}

// maxSources bounds how many consolidators a proxy can make us remember.
const maxSources = 4096

func newProxied(cfg Config, out *inbox) (backend, error) {
	base, err := url.Parse(cfg.Proxy)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, fmt.Errorf("read proxy URL %q: give it as http://host:port", cfg.Proxy)
	}
	base.User, base.RawQuery, base.Fragment = nil, "", ""
	p := &proxied{
		cfg: cfg, base: base, name: base.Host, out: out,
		tails:   make(map[string]*proxiedTail),
		sources: make(map[string]Status),
		self:    Status{Name: base.Host, Address: base.String(), Proxy: true, State: StateConnecting, Since: time.Now()},
	}
	p.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: 10 * time.Second,
			DisableCompression:    true,
			MaxIdleConnsPerHost:   2,
		},
		// The token is for this proxy alone.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return p, nil
}

func (p *proxied) run(ctx context.Context) error {
	running := rescue.NewGroup(ctx)
	defer running.End()
	p.mu.Lock()
	p.running = running
	for _, t := range p.tails {
		p.start(t.run)
	}
	if p.watcher != nil {
		p.start(p.watcher.run)
	}
	p.mu.Unlock()
	<-running.Context().Done()
	p.mu.Lock()
	for _, t := range p.tails {
		t.cancel()
	}
	p.mu.Unlock()
	err := running.Wait()
	p.client.CloseIdleConnections()
	return err
}

// start runs f as soon as the source runs. p.mu is held.
func (p *proxied) start(f func(context.Context)) {
	if running := p.running; running != nil && running.Context().Err() == nil {
		running.Go("read from a proxy", func() { f(running.Context()) })
	}
}

func (p *proxied) tail(name string, from Backfill) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.tails[name]; old != nil {
		old.cancel()
	}
	t := newProxiedTail(p, name, from)
	p.tails[name] = t
	p.start(t.run)
}

func (p *proxied) stop(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.tails[name]; t != nil {
		t.cancel()
		delete(p.tails, name)
	}
}

func (p *proxied) watch(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case on && p.watcher == nil:
		p.watcher = newWatcher(p)
		p.start(p.watcher.run)
	case !on && p.watcher != nil:
		p.watcher.cancel()
		p.watcher, p.live = nil, nil
	}
}

func (p *proxied) streams() []Live {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.live)
}

// status is the proxy's own state, then those of the consolidators, as it tells
// them: nobody knows how they are while it is not there.
func (p *proxied) status() []Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]Status, 0, 1+len(p.sources))
	for _, s := range p.sources {
		if !p.self.State.Connected() {
			s.State, s.Since = StateUnknown, p.self.Since
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(a.Name, b.Name) })
	return slices.Insert(list, 0, p.self)
}

// address is the URL of an escaped path and a query at the proxy.
func (p *proxied) address(path, query string) string {
	s := strings.TrimSuffix(p.base.String(), "/") + path
	if query != "" {
		s += "?" + query
	}
	return s
}

// opened notes that a response is open.
func (p *proxied) opened() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.had++
	p.setSelf(StateLive, "")
}

// closed notes that an open response has ended.
func (p *proxied) closed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.had--
	if p.had == 0 && p.running.Context().Err() == nil {
		p.setSelf(StateLost, err.Error())
	}
}

// missed notes that a request got no response, and is made again.
func (p *proxied) missed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.had > 0 || p.running.Context().Err() != nil:
	case p.self.State == StateConnecting:
		p.setSelf(StateConnecting, err.Error())
	default:
		p.setSelf(StateLost, err.Error())
	}
}

// refused notes that the proxy will not have a request. That is told even when
// others are open, as nobody would know why nothing comes.
func (p *proxied) refused(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.had == 0 {
		p.setSelf(StateLost, err.Error())
		return
	}
	told := p.self
	told.State, told.Err = StateLost, err.Error()
	p.tell(told)
}

// setSelf changes the proxy's own state, and tells it. p.mu is held.
func (p *proxied) setSelf(state State, why string) {
	if p.self.State == state && p.self.Err == why {
		return
	}
	if p.self.State != state {
		p.self.Since = time.Now()
	}
	p.self.State, p.self.Err = state, why
	p.tell(p.self)
}

// setSource changes a consolidator's state, as the proxy tells it.
func (p *proxied) setSource(name string, state State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old, known := p.sources[name]
	if known && old.State == state || !known && len(p.sources) >= maxSources {
		return
	}
	p.sources[name] = Status{Name: name, State: state, Since: time.Now()}
	p.tell(p.sources[name])
}

// keepSources forgets the consolidators that are not in names.
func (p *proxied) keepSources(names map[string]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.sources, func(name string, _ Status) bool { return !names[name] })
}

// tell puts a notice of a state into the inbox; notices never wait there.
func (p *proxied) tell(s Status) {
	_ = p.out.put(p.running.Context(), nil, []Notice{{Kind: KindState, Time: time.Now(), Source: s.Name, State: s.State, Err: s.Err}})
}
