package proxy

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/proxy/resume"
	"sluice/proxy/tally"
)

// minRetry is after how long it is worth asking again where there are too many.
const minRetry = 5 * time.Second

// refuse answers a request with an error, and counts it.
func (p *Proxy) refuse(w http.ResponseWriter, r *http.Request, reason tally.Reason, detail string) {
	p.counts.Add(reason, 1)
	switch status := reason.Status(); {
	case reason == tally.Draining:
		w.Header().Set("Retry-After", seconds(p.cfg.Grace)) // it is gone then
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		// Nobody knows when a client goes. Those who come at once are not to come back so.
		w.Header().Set("Retry-After", seconds(minRetry+rand.N(minRetry)))
	}
	answer(w, r, reason.Status(), detail)
}

// refuseDraining refuses a session since the proxy shuts down. An EventSource gives up for
// ever when it gets another status than 200: those who read events get a response that has
// ended, as those have that began before, and come back. Readers of ours wait as long as
// they are told.
func (p *Proxy) refuseDraining(w http.ResponseWriter, r *http.Request) {
	if !wantsEvents(r) || r.Header.Get(httpapi.HeaderClient) != "" || r.Header.Get(httpapi.HeaderPositions) != "" {
		p.refuse(w, r, tally.Draining, endDraining)
		return
	}
	p.counts.Add(tally.Draining, 1)
	streamHeaders(w, true, "")
	_, _ = w.Write(appendEnd(nil, endDraining)) // a peer that is gone needs no answer
}

// seconds is a time as headers have it, rounded up.
func seconds(d time.Duration) string { return strconv.Itoa(int((d + time.Second - 1) / time.Second)) }

// countLoss counts records that a session lost here.
func (p *Proxy) countLoss(lost resume.Loss) {
	reason := tally.Slow
	switch lost.Reason {
	case loss.TooSlow:
	case loss.Filter:
		reason = tally.Filter
	default:
		reason = tally.Late
	}
	p.counts.Add(reason, lost.Count)
	if lost.Unknown {
		p.counts.Add(tally.Unknown, 1)
	}
}

// problem is the body of an error, of RFC 9457; message its data as an event.
type (
	problem struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}
	message struct {
		Msg string `json:"msg"`
	}
)

// answer answers with an error. Clients in the field that ask for events never
// look at the status: they get it as a record.
func answer(w http.ResponseWriter, r *http.Request, status int, detail string) {
	title := http.StatusText(status)
	var body []byte
	if wantsEvents(r) {
		w.Header().Set("Content-Type", httpapi.TypeEvents)
		body = append(body, "data: "...)
		body = appendJSON(body, message{strconv.Itoa(status) + " " + title + ": " + detail})
		body = append(body, "\n\n"...)
	} else {
		w.Header().Set("Content-Type", "application/problem+json")
		body = appendJSON(body, problem{"about:blank", title, status, detail})
		body = append(body, '\n')
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a peer that is gone needs no answer
}
