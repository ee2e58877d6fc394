package proxied

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/cluster/dial"
	"sluice/cluster/names"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
)

// Config is where a Source reads.
type Config struct {
	URL   string // of a proxy, http:// or https://
	Token string // for it; may be empty
	// TokenFile is a file with the token; it is read again for each request, so that a
	// new one is taken up. May be empty.
	TokenFile string
	// CA is a file with certificates in PEM; those that they have signed are believed,
	// besides the system's. May be empty.
	CA    string
	Query url.Values // filters that the proxy applies to all tails

	Inbox  int          // bytes of records that may wait to be taken; 0 means 16 MiB
	Logger *slog.Logger // nil discards

	refusedWait, problemWait time.Duration // 0 means the constant; tests are less patient
}

// New returns a Source that reads through a proxy.
func New(cfg Config) (*stream.Source, error) {
	out := stream.NewHandover(cfg.Inbox)
	b, err := newBackend(cfg, out)
	if err != nil {
		return nil, err
	}
	return stream.NewSource(out, b), nil
}

// backend has one HTTP response for each tail, and one for the list of live
// streams while that is watched.
type backend struct {
	cfg    Config
	base   *url.URL
	name   string // of the proxy: its host and port
	out    *stream.Handover
	client *http.Client

	mu       sync.Mutex
	running  *rescue.Group // of run; nil before
	tails    map[string]*tail
	watcher  *watcher
	live     []stream.Live
	self     stream.Status
	had      int                      // responses that are open
	leftAt   time.Time                // when the last one was ended here
	unlisted string                   // why the list of streams is refused, while others are open; may be empty
	sources  map[string]stream.Status // consolidators, as the proxy reports them
	finder   stream.Status            // where the proxy cannot find consolidators anew; no name: it can
	absences map[string]string        // by the name of a source, when it was back from its last absence, as the proxy says
}

// maxSources bounds how many consolidators a proxy can make us remember.
const maxSources = 4096

func newBackend(cfg Config, out *stream.Handover) (*backend, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	base, err := url.Parse(cfg.URL)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, fmt.Errorf("read proxy URL %q: give it as http://host:port", cfg.URL)
	}
	trust, err := trusted(cfg.CA)
	if err != nil {
		return nil, err
	}
	base.User, base.RawQuery, base.Fragment = nil, "", ""
	p := &backend{
		cfg: cfg, base: base, name: base.Host, out: out,
		tails:   make(map[string]*tail),
		sources: make(map[string]stream.Status),
		self:    stream.Status{Name: base.Host, Address: base.String(), Proxy: true, State: stream.StateConnecting, Since: time.Now()},
	}
	p.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&dial.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
			TLSClientConfig:       trust,
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

func (p *backend) Run(ctx context.Context) error {
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
	if p.watcher != nil {
		p.watcher.cancel()
	}
	p.mu.Unlock()
	err := running.Wait()
	p.client.CloseIdleConnections()
	return err
}

// start runs f as soon as the source runs. p.mu is held.
func (p *backend) start(f func()) {
	if running := p.running; running != nil && running.Context().Err() == nil {
		running.Go("read from a proxy", f)
	}
}

func (p *backend) Tail(name string, from stream.Backfill) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.tails[name]; old != nil {
		old.cancel()
	}
	t := newTail(p, name, from)
	p.tails[name] = t
	p.start(t.run)
}

func (p *backend) Stop(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.tails[name]; t != nil {
		t.cancel()
		delete(p.tails, name)
	}
}

func (p *backend) WatchStreams(on bool) {
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

func (p *backend) Streams() []stream.Live {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.live)
}

// Status is the proxy's own state, then those of the consolidators, as it reports
// them: they are unknown while it cannot be reached. All are unknown while nothing
// is asked of it.
func (p *backend) Status() []stream.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	self := p.self
	switch {
	case p.running != nil && p.running.Context().Err() != nil: // as it was when this ended
	case len(p.tails) == 0 && p.watcher == nil:
		self.State, self.Since, self.Err = stream.StateUnknown, p.leftAt, ""
	case self.State.Connected() && p.had == 0:
		self.State, self.Since = stream.StateConnecting, p.leftAt
	case self.Err == "" && p.watcher != nil:
		self.Err = p.unlisted
	}
	list := make([]stream.Status, 0, 1+len(p.sources))
	for _, s := range p.sources {
		if !self.State.Connected() {
			s.State, s.Since = stream.StateUnknown, self.Since
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b stream.Status) int { return strings.Compare(a.Name, b.Name) })
	list = slices.Insert(list, 0, self)
	if p.finder.Name != "" && self.State.Connected() {
		list = slices.Insert(list, 0, p.finder)
	}
	return list
}

// setFinder notes where the proxy cannot find consolidators anew; "" when it can.
func (p *backend) setFinder(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case name == p.finder.Name:
	case names.Check(name) != nil:
		p.finder = stream.Status{}
	default:
		p.finder = stream.Status{Name: name, Finder: true, State: stream.StateLost, Since: time.Now(), Err: "the proxy cannot ask it"}
	}
}

// address is the URL of an escaped path and a query at the proxy.
func (p *backend) address(path, query string) string {
	s := strings.TrimSuffix(p.base.String(), "/") + path
	if query != "" {
		s += "?" + query
	}
	return s
}

// opened notes that a response is open, which was refused before, or not.
func (p *backend) opened(name string, refused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.had++
	if p.had == 1 && p.self.State == stream.StateLive {
		p.self.Since = time.Now() // nothing is known of the time without a response
	}
	if name == "" {
		p.unlisted = ""
	}
	p.setSelf(stream.StateLive, "")
	if refused && name != "" {
		_ = p.out.PutState(stream.Notice{Kind: stream.KindRefused, Time: time.Now(), Stream: name, Source: p.name}) // once it is closed, nobody wants it
	}
}

// left notes that an open response was ended here. With the last of them nothing is
// known of the proxy any more, which is no event.
func (p *backend) left() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.had--
	if p.had == 0 {
		p.leftAt = time.Now()
	}
}

// closed notes that an open response has ended.
func (p *backend) closed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.had--
	if p.had == 0 && p.running.Context().Err() == nil {
		p.setSelf(stream.StateLost, err.Error())
	}
}

// missed notes that a request for a stream, or, with no name, for the list of them got
// no response, and is made again. While others are open that is about this stream
// alone. It returns whether it was reported so, as reported says of the last time.
func (p *backend) missed(name string, err error, reported bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.running.Context().Err() != nil:
	case p.had > 0:
		return p.withheld(name, err, reported)
	case p.self.State == stream.StateConnecting:
		p.setSelf(stream.StateConnecting, err.Error())
	default:
		p.setSelf(stream.StateLost, err.Error())
	}
	return reported
}

// refused notes that the proxy refused a stream, or, with no name, the list of them.
// That is no outage of others that are open: it is reported once of the stream, and
// stands in Status of the list. It returns whether it was reported.
func (p *backend) refused(name string, err error, reported bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.had == 0 {
		p.setSelf(stream.StateLost, err.Error())
		return reported
	}
	return p.withheld(name, err, reported)
}

// withheld reports, once, that the proxy does not give one stream, or the list of them,
// although it is there. p.mu is held.
func (p *backend) withheld(name string, err error, reported bool) bool {
	switch {
	case name == "":
		p.unlisted = err.Error()
		return false
	case !reported:
		_ = p.out.PutState(stream.Notice{
			Kind: stream.KindRefused, Time: time.Now(), Stream: name, Source: p.name, Err: err.Error(),
		}) // once it is closed, nobody wants it
	}
	return true
}

// setSelf changes the proxy's own state, and reports it. p.mu is held.
func (p *backend) setSelf(state stream.State, why string) {
	if p.self.State == state && p.self.Err == why {
		return
	}
	if p.self.State != state {
		p.self.Since = time.Now()
	}
	p.self.State, p.self.Err = state, why
	p.notify(p.self)
}

// setSource changes a consolidator's state, as the proxy reports it.
func (p *backend) setSource(name string, state stream.State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old, known := p.sources[name]
	if known && old.State == state || !known && len(p.sources) >= maxSources {
		return
	}
	p.sources[name] = stream.Status{Name: name, State: state, Since: time.Now()}
	p.notify(p.sources[name])
}

// absent notes that a source was away until then, and reports whether that is news:
// each tail is told of it.
func (p *backend) absent(name, back string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.sources[name]; !known || p.absences[name] == back {
		return false
	}
	if p.absences == nil {
		p.absences = make(map[string]string)
	}
	p.absences[name] = back
	return true
}

// keepSources forgets the consolidators that are not in names.
func (p *backend) keepSources(names map[string]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.sources, func(name string, _ stream.Status) bool { return !names[name] })
	maps.DeleteFunc(p.absences, func(name, _ string) bool { return !names[name] })
}

// notify puts a notice of a state into the inbox. It does not wait there: p.mu is held,
// and whoever takes may need it first.
func (p *backend) notify(s stream.Status) {
	_ = p.out.PutState(stream.Notice{Kind: stream.KindState, Time: time.Now(), Source: s.Name, State: s.State, Err: s.Err}) // once it is closed, nobody wants it
}
