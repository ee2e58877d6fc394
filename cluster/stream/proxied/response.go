package proxied

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sluice/cluster/backoff"
	"sluice/cluster/block"
	"sluice/cluster/httpapi"
)

const (
	heartbeat    = 10 * time.Second // of a proxy
	idleTimeout  = 3 * heartbeat
	refusedWait  = 30 * time.Second // before what was refused for good is asked for again
	problemWait  = 10 * time.Second // for all of an answer that is no stream
	maxProblem   = 4 << 10          // bytes read of an answer that is no stream
	maxEvent     = 2 << 20          // bytes of one event: a record of an older proxy is up to six times its 256 KiB
	maxListEvent = 16 << 20         // bytes of one list of streams
)

// refusal is an answer that will be the same if asked again at once.
type refusal struct{ text string }

func (r refusal) Error() string { return r.text }

// response is one endless HTTP response of server-sent events, asked for again
// whenever it breaks.
type response struct {
	backend *backend
	what    string               // for people
	stream  string               // that is read; "" is the list of streams
	url     func() string        // asked before each request
	header  func(http.Header)    // what is sent with each request
	handle  func(*httpapi.Event) // of one event, by one goroutine
	handled func()               // all events that were there were handled; their memory is used again unless it is held
	over    func()               // an open response has ended, however it did
	limit   int                  // bytes of one event
	backoff backoff.Backoff
	body    *eventBody // of the response that is read
	open    bool
	began   time.Time     // when it was opened last
	refused bool          // that the stream is not given was reported
	again   bool          // the proxy has said that it is to be asked for again
	between bool          // and it is: over is called if that fails
	pause   time.Duration // that the proxy wants before it is asked for again
}

// soon is how long a response has to last so that the next one is asked for at once.
const soon = time.Second

// ends takes an end event.
func (r *response) ends(e *httpapi.Event) {
	var end httpapi.EndEvent
	r.again = json.Unmarshal(e.Data, &end) == nil && end.Again
}

// run reads until ctx ends. What the proxy refuses for good (a status of 4xx
// other than 429, or no event stream) is asked for again every 30 s.
func (r *response) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := r.read(ctx)
		if r.between {
			r.between = false
			r.over()
		}
		if ctx.Err() != nil {
			r.ended()
			return
		}
		if refused := (refusal{}); errors.As(err, &refused) {
			r.refused = r.backend.refused(r.stream, fmt.Errorf("ask for %s: %w", r.what, err), r.refused)
			pause := cmp.Or(r.backend.cfg.refusedWait, refusedWait)
			sleep(ctx, pause/2+rand.N(pause/2))
			continue
		}
		if r.again {
			// No outage: it has lasted as long as one may.
			r.again = false
			if time.Since(r.began) >= soon {
				r.open, r.between = false, true
				r.backend.left()
				continue
			}
		}
		r.lost(err)
		sleep(ctx, r.pause)
		r.pause = 0
		r.backoff.Wait(ctx)
	}
}

// read asks once and reads to the end. Its error is why it ended.
func (r *response) read(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", httpapi.TypeEvents)
	req.Header.Set("Cache-Control", "no-cache")
	token, err := r.backend.cfg.token()
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	r.header(req.Header)
	resp, err := r.backend.client.Do(req)
	if err != nil {
		return notHTTP(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := r.validate(resp); err != nil {
		return err
	}
	r.body = newEventBody(resp.Body, r.limit, idleTimeout)
	defer func() { _ = r.body.Close() }()
	for {
		events, err := r.body.next()
		if err != nil {
			return err
		}
		httpapi.ParseEvents(events, r.handle)
		r.handled()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// block is the memory that the events at hand are in; nil when they have none to
// be held.
func (r *response) block() *block.Block { return r.body.in }

// lost notes that there is no response any more, or none yet.
func (r *response) lost(err error) {
	if asked := (*url.Error)(nil); errors.As(err, &asked) {
		err = asked.Err // the rest is known to who reads it
	}
	if r.open {
		r.open = false
		r.backoff.Lasted(time.Since(r.began))
		r.over()
		r.backend.closed(fmt.Errorf("read %s: %w", r.what, err))
	} else {
		r.refused = r.backend.missed(r.stream, fmt.Errorf("ask for %s: %w", r.what, err), r.refused)
	}
}

// ended notes that the response was ended here, or no longer asked for: that says
// nothing about the proxy.
func (r *response) ended() {
	if r.open {
		r.open = false
		r.over()
		r.backend.left()
	}
}

// validate looks at the head of a response.
func (r *response) validate(resp *http.Response) error {
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	if resp.StatusCode == http.StatusOK && strings.TrimSpace(kind) == httpapi.TypeEvents {
		r.open, r.began, r.between = true, time.Now(), false
		r.backend.opened(r.stream, r.refused)
		r.refused = false
		return nil
	}
	text := statusText(resp)
	switch {
	case resp.StatusCode == http.StatusOK:
		text = fmt.Sprintf("the answer is %q and no event stream: is this a sluice proxy?", kind)
	default:
		if s := problemText(resp.Body, cmp.Or(r.backend.cfg.problemWait, problemWait)); s != "" {
			text = s
		}
	}
	if temporary(resp.StatusCode) {
		after, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		if err == nil && after > 0 {
			r.pause = min(time.Duration(after)*time.Second, refusedWait)
		}
		return errors.New(text)
	}
	return refusal{text}
}

// temporary reports whether another answer may come soon.
func temporary(status int) bool {
	return status == http.StatusTooManyRequests || status >= 500
}

// problemText is what an answer says to people: the record in an event, or a
// problem's title and detail. It is empty when that does not come in time.
func problemText(body io.ReadCloser, limit time.Duration) string {
	late := time.AfterFunc(limit, func() { _ = body.Close() }) // wakes Read
	defer late.Stop()
	b, err := io.ReadAll(io.LimitReader(body, maxProblem))
	if err != nil {
		return ""
	}
	var p struct {
		Msg, Title, Detail string
		Status             int
	}
	text, _ := strings.CutPrefix(strings.TrimSpace(string(b)), "data:")
	if json.Unmarshal([]byte(text), &p) != nil {
		return ""
	}
	if p.Msg != "" {
		return p.Msg
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s: %s", p.Status, p.Title, p.Detail))
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
