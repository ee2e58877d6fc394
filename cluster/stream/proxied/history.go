package proxied

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/names"
	"sluice/cluster/stream"
)

// History reads, through a proxy, what was said before. Its methods may be called from any
// goroutine.
type History struct{ backend *backend }

// NewHistory returns a History. Of the configuration it needs what the proxy is reached by.
func NewHistory(cfg Config) (*History, error) {
	b, err := newBackend(cfg, nil)
	if err != nil {
		return nil, err
	}
	return &History{b}, nil
}

// Close closes the connections that are not in use.
func (h *History) Close() { h.backend.client.CloseIdleConnections() }

// Read hands on what is wanted of a stream, the oldest record first, and returns where it
// came to: the position of the next record by consolidator. Nothing that hand was given may
// be used after it has returned; an error of it ends the reading, and is returned.
func (h *History) Read(ctx context.Context, name string, want httpapi.History, hand func([]stream.Record, []stream.Notice) error) (map[string]stream.Position, error) {
	p := &part{stream: name, hand: hand, origins: make(map[uint64]origin)}
	err := h.ask(ctx, name, want, p)
	return p.ends, err
}

// Counts returns how many records there are of what is wanted of a stream, by time, in
// History.Counts columns at most, which is above 0.
func (h *History) Counts(ctx context.Context, name string, want httpapi.History) (stream.Counts, error) {
	want.Last = 1 // an older proxy, which counts nothing, sends no more than that
	p := &part{stream: name, hand: func([]stream.Record, []stream.Notice) error { return errOldProxy }}
	if err := h.ask(ctx, name, want, p); err != nil {
		return stream.Counts{}, err
	}
	if p.counts == nil {
		return stream.Counts{}, errOldProxy
	}
	return *p.counts, nil
}

// ask asks for a part of history, and takes what comes.
func (h *History) ask(ctx context.Context, name string, want httpapi.History, p *part) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.backend.address(httpapi.LogsPath(name), ""), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", httpapi.TypeEvents)
	req.Header.Set("Cache-Control", "no-cache")
	req.Header.Set(httpapi.HeaderClient, "1")
	req.Header.Set(httpapi.HeaderHistory, want.Text())
	token, err := h.backend.cfg.token()
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := h.backend.client.Do(req)
	if err != nil {
		return notHTTP(err)
	}
	defer func() { _ = resp.Body.Close() }()
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	if resp.StatusCode != http.StatusOK || strings.TrimSpace(kind) != httpapi.TypeEvents {
		if text := problemText(resp.Body, problemWait); text != "" {
			return errors.New(text)
		}
		return errors.New(statusText(resp))
	}
	body := newEventBody(resp.Body, maxEvent, idleTimeout)
	defer func() { _ = body.Close() }()
	for !p.over {
		events, err := body.next()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errResponse), errors.Is(err, io.EOF):
			return fmt.Errorf("read the history of %q: the proxy ended the response before its end", name)
		case err != nil:
			return err
		}
		httpapi.ParseEvents(events, p.event)
		if p.err == nil {
			p.flush()
		}
		if p.err != nil {
			return p.err
		}
	}
	return nil
}

// part is a part of history as it comes.
type part struct {
	stream  string
	hand    func([]stream.Record, []stream.Notice) error
	origins map[uint64]origin
	records []stream.Record
	notices []stream.Notice
	ends    map[string]stream.Position
	counts  *stream.Counts
	over    bool
	err     error
}

func (p *part) event(e *httpapi.Event) {
	switch string(e.Name) {
	case "":
		id, _ := httpapi.ParseEventID(e.ID)
		o := p.origins[id.Source]
		p.records = append(p.records, stream.Record{
			Stream: p.stream, Source: o.consolidator, Position: stream.Position{Epoch: o.at.Epoch, Seq: id.Seq},
			Arrived: time.Now().UnixNano(), Data: e.Data, Backfill: true,
		})
	case httpapi.EventSource:
		var s httpapi.SourceEvent
		if json.Unmarshal(e.Data, &s) != nil || names.Check(s.Consolidator) != nil || p.origins == nil || len(p.origins) >= 4*maxSources {
			return
		}
		epoch, err := httpapi.ParseBase36(s.Epoch)
		if err != nil {
			return
		}
		p.origins[s.N] = origin{consolidator: s.Consolidator, at: stream.Position{Epoch: epoch, Seq: s.Next}}
	case httpapi.EventDropped:
		lost, err := loss.ParseEvent(e.Data)
		if err != nil || lost.Count == 0 && !lost.Unknown {
			return
		}
		lost.Stream = p.stream
		if lost.Since.IsZero() {
			lost.Since = time.Now()
		}
		n := stream.GapNotice(lost.Loss, lost.Since)
		n.At = len(p.records)
		p.notices = append(p.notices, n)
	case httpapi.EventPing:
		var ping httpapi.PingEvent
		if len(e.Data) > 0 && json.Unmarshal(e.Data, &ping) == nil {
			p.ends, _ = httpapi.ParsePositions(ping.Positions)
		}
	case httpapi.EventCounts:
		c := &stream.Counts{}
		if p.err = json.Unmarshal(e.Data, c); p.err == nil {
			p.err = c.Check()
		}
		p.counts = c
	case httpapi.EventLive:
		p.err = errOldProxy
	case httpapi.EventEnd:
		p.over = true
		var end httpapi.EndEvent
		if json.Unmarshal(e.Data, &end) == nil && end.Reason != httpapi.EndHistory && p.err == nil {
			p.err = errors.New(end.Reason)
		}
	}
}

var errOldProxy = errors.New("the proxy serves no history to this client: it is an older one")

func (p *part) flush() {
	if len(p.records)+len(p.notices) > 0 {
		p.err = p.hand(p.records, p.notices)
		clear(p.records)
		p.records, p.notices = p.records[:0], p.notices[:0]
	}
}
