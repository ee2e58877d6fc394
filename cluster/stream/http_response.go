package stream

import (
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

	"github.com/r3labs/sse/v2"
	reconnect "gopkg.in/cenkalti/backoff.v1"
)

const (
	heartbeat    = 10 * time.Second // of a proxy
	idleTimeout  = 3 * heartbeat
	refusedWait  = 30 * time.Second // before what was refused for good is asked for again
	maxProblem   = 4 << 10          // bytes read of an answer that is no stream
	maxEvent     = 2 << 20          // bytes of one event: a normalised record is at most six times its 256 KiB
	maxListEvent = 16 << 20         // bytes of one list of streams
)

// refusal is an answer that will be the same if asked again at once.
type refusal struct{ text string }

func (r refusal) Error() string { return r.text }

// response is one endless HTTP response of server-sent events, asked for again
// whenever it breaks. It wraps the SSE client, which by itself gives up after
// 15 minutes, takes half an event at the end of a response for a whole one and
// never notices a peer that is silently gone.
type response struct {
	proxied *proxied
	what    string            // for people
	url     func() string     // asked before each request
	header  func(http.Header) // what is sent with each request
	handle  func(*sse.Event)  // of one event, by one goroutine
	limit   int               // bytes of one event
	backoff *reconnect.ExponentialBackOff
	open    bool
}

// run reads until ctx ends. What the proxy refuses for good (a status of 4xx
// other than 429, or no event stream) is asked for again every 30 s.
func (r *response) run(ctx context.Context) {
	r.backoff = reconnect.NewExponentialBackOff()
	r.backoff.InitialInterval = 2 * firstWait
	r.backoff.MaxInterval = maxWait
	r.backoff.MaxElapsedTime = 0
	for ctx.Err() == nil {
		c := sse.NewClient(r.proxied.base.String(), sse.ClientMaxBufferSize(r.limit))
		c.Connection = &http.Client{Transport: requester{r}, CheckRedirect: r.proxied.client.CheckRedirect}
		c.ReconnectStrategy = reconnect.WithContext(r.backoff, ctx)
		c.ReconnectNotify = func(err error, _ time.Duration) { r.lost(err) }
		c.ResponseValidator = func(_ *sse.Client, resp *http.Response) error { return r.validate(ctx, resp) }
		err := c.SubscribeRawWithContext(ctx, func(e *sse.Event) {
			if ctx.Err() == nil {
				r.handle(e)
			}
		})
		if err == nil {
			err = errResponse // it takes the end of ctx for the end of the response
		}
		if ctx.Err() != nil {
			r.lost(err)
			return
		}
		wait := firstWait
		if refused := (refusal{}); errors.As(err, &refused) {
			r.proxied.refused(fmt.Errorf("ask for %s: %w", r.what, err))
			wait = refusedWait
		} else {
			r.lost(err)
		}
		sleep(ctx, wait/2+rand.N(wait/2))
	}
}

// lost notes that there is no response any more, or none yet.
func (r *response) lost(err error) {
	if asked := (*url.Error)(nil); errors.As(err, &asked) {
		err = asked.Err // the rest is known to who reads it
	}
	if r.open {
		r.open = false
		r.proxied.closed(fmt.Errorf("read %s: %w", r.what, err))
	} else {
		r.proxied.missed(fmt.Errorf("ask for %s: %w", r.what, err))
	}
}

// validate looks at the head of a response. It closes the body when it returns
// an error.
func (r *response) validate(ctx context.Context, resp *http.Response) error {
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	if resp.StatusCode == http.StatusOK && strings.TrimSpace(kind) == "text/event-stream" {
		r.backoff.Reset()
		resp.Body = newEventBody(resp.Body, r.limit, idleTimeout)
		r.open = true
		r.proxied.opened()
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	text := resp.Status
	switch {
	case resp.StatusCode == http.StatusOK:
		text = fmt.Sprintf("the answer is %q and no event stream: is this a sluice proxy?", kind)
	default:
		if s := problemText(resp.Body); s != "" {
			text = s
		}
	}
	if temporary(resp.StatusCode) {
		after, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		if err == nil && after > 0 {
			sleep(ctx, min(time.Duration(after)*time.Second, refusedWait))
		}
		return errors.New(text)
	}
	return reconnect.Permanent(refusal{text})
}

// temporary tells whether another answer may come soon.
func temporary(status int) bool {
	return status == http.StatusTooManyRequests || status >= 500
}

// problemText is what an answer says to people: the record in an event, or a
// problem's title and detail.
func problemText(body io.Reader) string {
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

// requester gives each request its URL and headers as of now.
type requester struct{ *response }

func (r requester) RoundTrip(req *http.Request) (*http.Response, error) {
	now, err := http.NewRequestWithContext(req.Context(), http.MethodGet, r.url(), nil)
	if err != nil {
		return nil, err
	}
	now.Header = req.Header.Clone()
	now.Header.Del(HeaderLastEventID)
	if token := r.proxied.cfg.Token; token != "" {
		now.Header.Set("Authorization", "Bearer "+token)
	}
	r.header(now.Header)
	return r.proxied.client.Transport.RoundTrip(now)
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
