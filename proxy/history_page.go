package proxy

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
	"sluice/proxy/resume"
	"sluice/proxy/tally"
)

// noHistory is why a proxy without an archive serves no history.
const noHistory = "this proxy reads no archive: start it with --archive, or read the archive itself"

// serveHistory serves a part of a stream's history, to one of our own clients.
func (p *Proxy) serveHistory(w http.ResponseWriter, r *http.Request, a *request) {
	if a.wrapped || !a.events {
		p.refuse(w, r, tally.BadRequest, "read "+httpapi.HeaderHistory+": it is for the events of one stream")
		return
	}
	if p.cfg.History == nil {
		p.refuse(w, r, tally.NotFound, noHistory)
		return
	}
	for name := range r.URL.Query() {
		if name != httpapi.QueryKey { // or it would be passed over in silence
			p.refuse(w, r, tally.BadRequest, fmt.Sprintf("read %s: %.40q has no meaning beside it: what is wanted stands in the header", httpapi.HeaderHistory, name))
			return
		}
	}
	want, err := httpapi.ParseHistory(r.Header.Get(httpapi.HeaderHistory))
	if err != nil {
		p.refuse(w, r, tally.BadRequest, err.Error())
		return
	}
	owner := a.grant.Tenants()
	if owner == "" {
		owner = a.names[0]
	}
	turn, cancel := context.WithTimeout(r.Context(), pastWait)
	defer cancel()
	if !p.pasts.take(turn, owner, 1) {
		p.refuse(w, r, tally.ProxySessions, errPastBusy.Error())
		return
	}
	defer p.pasts.done(owner, 1)
	streamHeaders(w, true, "")
	h := &historyPage{proxy: p, w: w, stream: a.names[0], numbers: make(map[resume.Origin]uint64)}
	read := h.read
	if want.Counts > 0 {
		read = h.count
	}
	err = rescue.Call("read history", func() error { return read(r.Context(), &want) })
	if r.Context().Err() != nil {
		return // nobody reads on, or the token is over
	}
	reason := httpapi.EndHistory
	if err != nil {
		reason = "history unavailable: " + err.Error()
	}
	h.buf = appendEnd(h.buf, reason)
	_ = h.flush() // a peer that is gone needs no answer
}

// historyPage is the answer to one request.
type historyPage struct {
	proxy   *Proxy
	w       http.ResponseWriter
	stream  string
	numbers map[resume.Origin]uint64 // of sources
	buf     []byte
	line    []byte
}

// read writes what is wanted, and where it came to.
func (h *historyPage) read(ctx context.Context, want *httpapi.History) (err error) {
	began := time.Now()
	defer func() { h.proxy.pastFigures.ended(ctx, began, err) }()
	ends, err := h.proxy.cfg.History.Read(ctx, []Past{h.past(want)}, want.Last, h.add)
	if err != nil || len(ends) == 0 {
		return err
	}
	h.buf = appendPing(h.buf, []byte("0"), httpapi.PingEvent{Positions: httpapi.FormatPositions(ends[0])})
	return nil
}

// past is what is wanted of the stream.
func (h *historyPage) past(want *httpapi.History) Past {
	return Past{Stream: h.stream, From: want.From, To: want.To, After: want.After, Before: want.Before, Named: want.Named, Later: want.Later}
}

// countsWait is how long is counted, at most.
const countsWait = 20 * time.Second

// count writes how many records there are of what is wanted.
func (h *historyPage) count(ctx context.Context, want *httpapi.History) (err error) {
	began := time.Now()
	defer func() { h.proxy.pastFigures.ended(ctx, began, err) }()
	within, cancel := context.WithTimeout(ctx, countsWait)
	defer cancel()
	counts, err := h.proxy.cfg.History.Counts(within, h.past(want), stream.Window{From: want.CountsFrom, To: want.CountsTo, Columns: want.Counts})
	if err != nil {
		return err
	}
	h.buf = append(appendJSON(appendHead(h.buf, httpapi.EventCounts, nil), counts), "\n\n"...)
	return nil
}

// add writes records and gaps.
func (h *historyPage) add(records []stream.Record, notices []stream.Notice) error {
	h.proxy.pastFigures.read(records)
	at := 0
	gaps := func(before int) {
		for ; at < len(notices) && notices[at].At <= before; at++ {
			if n := &notices[at]; n.Kind == stream.KindGap {
				h.buf = appendLoss(h.buf, nil, &loss.Event{Loss: n.Loss(), Since: n.Time})
			}
		}
	}
	for i := range records {
		gaps(i)
		r := &records[i]
		id := httpapi.EventID{Next: 1, Source: h.number(r), Seq: r.Position.Seq}
		if h.line = record.Normalise(h.line[:0], r.Data); len(h.line) > zmtp.MaxRecord {
			lost := tooLarge(h.stream, r.Source)
			h.buf = appendLoss(h.buf, id.AppendEvent(nil), &loss.Event{Loss: lost, Since: time.Now()})
			continue
		}
		h.buf = append(id.AppendEvent(append(h.buf, idLine...)), dataLine...)
		h.buf = append(append(h.buf, h.line...), "\n\n"...)
		if len(h.buf) >= historyWrite {
			if err := h.flush(); err != nil {
				return err
			}
		}
	}
	gaps(len(records))
	return h.flush()
}

// historyWrite is how many bytes are written at a time, at least, while there are more.
const historyWrite = 32 << 10

// number is that of a record's source, which is told before its first one.
func (h *historyPage) number(r *stream.Record) uint64 {
	o := resume.Origin{Consolidator: r.Source, Epoch: r.Position.Epoch}
	n, known := h.numbers[o]
	if !known {
		n = firstPast + uint64(len(h.numbers))
		h.numbers[o] = n
		h.buf = appendSource(h.buf, nil, "", resume.Source{Number: n, Consolidator: r.Source, Epoch: r.Position.Epoch, Next: r.Position.Seq})
	}
	return n
}

// flush writes what was added.
func (h *historyPage) flush() error {
	if len(h.buf) == 0 {
		return nil
	}
	h.proxy.renew(h.w)
	_, err := h.w.Write(h.buf)
	h.buf = h.buf[:0]
	if err != nil {
		return err
	}
	return http.NewResponseController(h.w).Flush()
}
