package proxied

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/names"
	"sluice/cluster/stream"
)

const (
	maxHeader = 48 << 10 // bytes of positions that are sent: a proxy takes 64 KiB of headers
	nowhere   = "0"      // an id that is no place, of one who was here before
)

// tail is one stream, read through a proxy. All but cancel belongs to
// the goroutine of run.
type tail struct {
	backend *backend
	name    string
	from    stream.Backfill
	ctx     context.Context // until it is stopped, or the backend ends
	cancel  context.CancelFunc

	response  *response
	live      bool // the backfill is complete
	joined    bool // all that was there when this response began has come
	after     string
	positions map[string]stream.Position // of the next record wanted, by consolidator; nil once there were too many
	origins   map[uint64]origin

	records []stream.Record // that came together and are not handed on yet
	last    []byte          // the id of the last of them
	now     int64           // when they came
}

// origin is what a source number of the proxy stands for.
type origin struct {
	consolidator string
	at           stream.Position // next record; of epoch 0 while unknown
}

func newTail(p *backend, name string, from stream.Backfill) *tail {
	t := &tail{backend: p, name: name, from: from, positions: make(map[string]stream.Position)}
	for consolidator, at := range from.Positions {
		t.goOn(consolidator, at)
	}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

func (t *tail) run() {
	t.response = &response{
		backend: t.backend,
		what:    strconv.Quote(t.name),
		stream:  t.name,
		url:     t.url,
		header:  t.header,
		handle:  t.event,
		handled: t.flush,
		over:    func() {},
		limit:   maxEvent,
	}
	t.response.run(t.ctx)
}

func (t *tail) url() string {
	query := maps.Clone(t.backend.cfg.Query)
	if query == nil {
		query = url.Values{}
	}
	query.Del(httpapi.QueryLast)
	if t.from.Last > 0 && !t.live && !query.Has(httpapi.QuerySince) {
		query.Set(httpapi.QueryLast, strconv.Itoa(t.from.Last))
	}
	return t.backend.address(httpapi.LogsPath(t.name), query.Encode())
}

func (t *tail) header(h http.Header) {
	h.Set(httpapi.HeaderClient, "1")
	after := t.after
	if positions := httpapi.FormatPositions(t.positions); len(positions) > maxHeader {
		// No proxy would take them. Where the id does not lead on, it tells that
		// an unknown number is lost.
		after = cmp.Or(after, nowhere)
	} else if positions != "" {
		h.Set(httpapi.HeaderPositions, positions)
	} else if t.positions == nil {
		after = cmp.Or(after, nowhere)
	}
	if after != "" {
		h.Set(httpapi.HeaderLastEventID, after)
	}
	t.joined = false
	// Numbers start over in each response.
	t.origins = make(map[uint64]origin)
}

// event takes one event. Names that are not known are of a newer proxy.
func (t *tail) event(e *httpapi.Event) {
	if len(e.Name) == 0 {
		t.record(e)
		return
	}
	t.flush()
	switch string(e.Name) {
	case httpapi.EventDropped:
		t.gap(e)
	case httpapi.EventSource:
		t.source(e)
	case httpapi.EventLive:
		// All that was there when the response began has come: what did not
		// come from somewhere goes on where it stood then.
		begun := make(map[string]stream.Position)
		for _, n := range slices.Sorted(maps.Keys(t.origins)) { // a newer epoch has a higher number
			o := t.origins[n]
			_, seen := t.positions[o.consolidator]
			if !seen && o.at.Epoch != 0 {
				begun[o.consolidator] = o.at
			}
		}
		for consolidator, at := range begun {
			t.goOn(consolidator, at)
		}
		t.joined = true
		t.forget()
		t.after = string(e.ID)
		t.keepSources()
		t.complete()
	case httpapi.EventEnd:
		t.response.ends(e)
	case httpapi.EventPing:
		// A proxy that knows no live event has no backfill to wait for either. It knows no
		// sources.
		if len(t.origins) == 0 {
			t.complete()
		}
		t.passed(e)
	}
}

// passed notes how far the response has come, over what does not pass the filter, and
// what else a heartbeat says.
func (t *tail) passed(e *httpapi.Event) {
	if len(e.ID) > 0 {
		t.after = string(e.ID)
	}
	var ping httpapi.PingEvent
	if len(e.Data) > 0 && json.Unmarshal(e.Data, &ping) != nil {
		return
	}
	t.backend.setFinder(ping.Finder)
	if len(e.ID) > 0 && ping.Positions != "" {
		t.goOnAt(ping.Positions)
	}
}

// complete reports, once, that the backfill is complete.
func (t *tail) complete() {
	if !t.live {
		t.live = true
		_ = t.backend.out.Put(t.ctx, nil, []stream.Notice{{Kind: stream.KindBackfill, Time: time.Now(), Stream: t.name}})
	}
}

// record keeps one until flush: many come together, and are handed on so.
func (t *tail) record(e *httpapi.Event) {
	id, _ := httpapi.ParseEventID(e.ID) // another service may have none
	o := t.origins[id.Source]
	if len(t.records) == 0 {
		t.now = time.Now().UnixNano()
	}
	r := stream.Record{
		Stream: t.name, Source: o.consolidator, Position: stream.Position{Epoch: o.at.Epoch, Seq: id.Seq},
		Arrived: t.now, Data: e.Data, Backfill: !t.live,
	}
	if r.Data == nil {
		r.Data = []byte{}
	}
	t.records = append(t.records, r)
	t.last = e.ID
}

// flush hands on the records that came, and notes that they were.
func (t *tail) flush() {
	if len(t.records) == 0 {
		return
	}
	if t.backend.out.PutIn(t.ctx, t.response.block(), t.records, nil) == nil {
		t.after = string(t.last)
		for i := range t.records {
			r := &t.records[i]
			// Of records in a row from one consolidator the last counts.
			if next := i + 1; next < len(t.records) && t.records[next].Source == r.Source {
				continue
			}
			if r.Position.Epoch != 0 {
				t.goOn(r.Source, stream.Position{Epoch: r.Position.Epoch, Seq: r.Position.Seq + 1})
			}
		}
	}
	clear(t.records)
	t.records = t.records[:0]
}

// goOn notes which record of a consolidator is wanted next.
func (t *tail) goOn(consolidator string, at stream.Position) {
	_, known := t.positions[consolidator]
	switch {
	case t.positions == nil:
	case !known && len(t.positions) >= maxSources:
		t.positions = nil // some would be missing
	default:
		t.positions[consolidator] = at
	}
}

// goOnAt is goOn for positions as a proxy tells them. What it cannot be is passed over.
func (t *tail) goOnAt(positions string) {
	all, err := httpapi.ParsePositions(positions)
	if err != nil {
		return
	}
	for consolidator, at := range all {
		t.goOn(consolidator, at)
	}
}

// forget drops the positions at consolidators that are not in the cluster any more: all
// that the proxy has are known by name, and these are not among them. Whoever named
// such a one to the proxy was told that what it had is lost.
func (t *tail) forget() {
	if !t.joined || len(t.origins) == 0 {
		return
	}
	named := make(map[string]bool, len(t.origins))
	for _, o := range t.origins {
		if o.at.Epoch == 0 {
			return
		}
		named[o.consolidator] = true
	}
	maps.DeleteFunc(t.positions, func(consolidator string, _ stream.Position) bool { return !named[consolidator] })
}

// had notes what was handed on, to go on behind it.
func (t *tail) had(raw []byte, id httpapi.EventID, o origin) {
	t.after = string(raw)
	if o.at.Epoch != 0 {
		t.goOn(o.consolidator, stream.Position{Epoch: o.at.Epoch, Seq: id.Seq + 1})
	}
}

func (t *tail) gap(e *httpapi.Event) {
	lost, err := loss.ParseEvent(e.Data)
	if err != nil || (lost.Count == 0 && !lost.Unknown) {
		return
	}
	id, _ := httpapi.ParseEventID(e.ID)
	o := t.origins[id.Source]
	lost.Stream = t.name
	consolidator := lost.Source
	if consolidator == "" {
		lost.Source = t.backend.name
	}
	if t.backend.out.Put(t.ctx, nil, []stream.Notice{stream.GapNotice(lost.Loss, time.Now())}) != nil {
		return
	}
	t.had(e.ID, id, o)
	t.goOnAt(lost.Positions) // the proxy has lost records of several consolidators
	if lost.After.Epoch != 0 && names.Check(consolidator) == nil {
		// Or it would be reported again, if the connection broke now.
		t.goOn(consolidator, lost.After)
	}
}

func (t *tail) source(e *httpapi.Event) {
	var s httpapi.SourceEvent
	if json.Unmarshal(e.Data, &s) != nil || names.Check(s.Consolidator) != nil {
		return
	}
	epoch := uint64(0)
	if s.Epoch != "" {
		var err error
		if epoch, err = httpapi.ParseBase36(s.Epoch); err != nil {
			return
		}
	}
	old, known := t.origins[s.N]
	if known || len(t.origins) < 4*maxSources {
		t.origins[s.N] = origin{consolidator: s.Consolidator, at: stream.Position{Epoch: epoch, Seq: s.Next}}
	}
	if known && old.consolidator != s.Consolidator {
		t.keepSources() // its name was not known before
	}
	if _, seen := t.positions[s.Consolidator]; !seen && t.joined && epoch != 0 {
		// The proxy has reached it only now. Where it begins there, it goes on,
		// if the first record comes while there is no proxy.
		t.goOn(s.Consolidator, stream.Position{Epoch: epoch, Seq: s.Next})
	}
	t.forget()
	for _, state := range []stream.State{stream.StateConnecting, stream.StateLive, stream.StateLost, stream.StateUnaccounted} {
		if state.String() == s.State {
			t.backend.setSource(s.Consolidator, state)
		}
	}
	if s.Away > 0 && t.backend.absent(s.Consolidator, s.Back) {
		n := stream.Notice{
			Kind: stream.KindAway, Time: time.Now(), Source: s.Consolidator,
			Away: time.Duration(min(s.Away, maxAway.Seconds()) * float64(time.Second)), Stood: s.Stood,
		}
		_ = t.backend.out.PutState(n) // once it is closed, nobody wants it
	}
}

// maxAway is the longest that a source is said to have been away: a century.
const maxAway = 100 * 366 * 24 * time.Hour

// keepSources forgets the consolidators that the proxy does not name.
func (t *tail) keepSources() {
	names := make(map[string]bool)
	for _, o := range t.origins {
		names[o.consolidator] = true
	}
	t.backend.keepSources(names)
}
