package proxy

import (
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/cluster/admin"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/proxy/tally"
)

const namespace admin.Namespace = "sluice_proxy"

// metrics shows a proxy's counts to Prometheus. Nothing is done for it until it is
// asked, but for the delays, of which a few are noted.
type metrics struct {
	p     *Proxy
	delay prometheus.Histogram
}

func newMetrics(p *Proxy) *metrics {
	return &metrics{p: p, delay: prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: string(namespace),
		Name:      "write_delay_seconds",
		Help:      "Time from the arrival of a record at this proxy to its writing to a session, of a sample of the live records.",
		Buckets:   []float64{100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30},
	})}
}

// registry is what /metrics serves.
func (m *metrics) registry() *prometheus.Registry {
	return admin.Registry(m.list, m.delay, m.p.pastFigures.took)
}

// All of them stand in docs/operations.md, which a test holds.
var (
	descSessions = namespace.Desc("sessions", "Sessions that are open now, watchers of the list of streams included.")
	descConns    = namespace.Desc("connections", "Connections of clients, those that are refused included.")
	descMaxConns = namespace.Desc("connections_limit", "Connections beyond which more are refused.")
	descBegun    = namespace.Desc("sessions_begun_total", "Sessions that have begun.")
	descCut      = namespace.Desc("sessions_cut_total", "Sessions that the proxy ended.", "reason")
	descRefused  = namespace.Desc("requests_refused_total", "Requests and connections that got an error, or nothing.", "reason")

	descReceived  = namespace.Desc("records_received_total", "Records read from consolidators and appended to the log of a stream.")
	descSent      = namespace.Desc("records_sent_total", "Records written to sessions.")
	descSentBytes = namespace.Desc("sent_bytes_total", "Bytes written to sessions, without the framing of HTTP.")
	descDropped   = namespace.Desc("records_dropped_total", "Records that sessions were told they have lost: at this proxy, once for each session; before it, once for each stream.", "hop", "reason")
	descUnknown   = namespace.Desc("unknown_losses_total", "Losses whose number of records nobody knows.", "hop")

	descConsolidator = namespace.Desc("consolidator_connected", "Whether a consolidator is connected (1) or not (0).", "consolidator")
	descLost         = namespace.Desc("consolidator_lost_total", "How often a connection to a consolidator was lost.")
	descTails        = namespace.Desc("streams_tailed", "Streams that are tailed at the consolidators.")
	descMaxTails     = namespace.Desc("streams_tailed_limit", "Streams that may be tailed.")
	descBuffer       = namespace.Desc("buffer_bytes", "Memory that holds records.")
	descFound        = namespace.Desc("consolidators_found", "Whether the list of consolidators is as new as it can be (1), or none or the last one (0), since where they are found does not answer.")
	descReady        = namespace.Desc("ready", "Whether /readyz says ready (1) or not (0).")

	descStreamSessions = namespace.Desc("stream_sessions", "Sessions that read a stream now; the stream of an empty name is all that have no series of their own.", "stream")
	descStreamSent     = namespace.Desc("stream_records_sent_total", "Records of a stream that were written to sessions.", "stream")
	descStreamDropped  = namespace.Desc("stream_records_dropped_total", "Records of a stream that sessions were told they have lost at this proxy.", "stream")
)

// list gives the figures as they are now.
func (m *metrics) list(to admin.Figures) {
	p := m.p
	to.Gauge(descSessions, p.open.Load())
	to.Gauge(descConns, int64(p.places.taken()))
	to.Gauge(descMaxConns, int64(p.places.limit))
	to.Count(descBegun, p.begun.Load())
	for reason, n := range p.counts.All() {
		switch reason.Kind() {
		case tally.Refused:
			to.Count(descRefused, n, label(reason.String()))
		case tally.Cut:
			to.Count(descCut, n, label(reason.String()))
		case tally.Dropped:
			if reason == tally.Unknown {
				to.Count(descUnknown, n, loss.AtProxy)
			} else {
				to.Count(descDropped, n, loss.AtProxy, label(reason.String()))
			}
		}
	}
	p.upstream.each(func(hop, reason string, n uint64) { to.Count(descDropped, n, hop, label(reason)) })
	for i, hop := range hops {
		to.Count(descUnknown, p.upstream.unknown[i].Load(), hop)
	}
	to.Count(descReceived, p.upstream.records.Load())
	to.Count(descSent, p.sent.records.Load())
	to.Count(descSentBytes, p.sent.bytes.Load())

	fresh := true
	for _, s := range p.source.Status() {
		if s.Finder {
			fresh = s.State == stream.StateLive
			continue
		}
		to.Gauge(descConsolidator, oneIf(s.State.Connected()), strings.ToValidUTF8(s.Name, "\uFFFD"))
	}
	to.Gauge(descFound, oneIf(fresh))
	to.Count(descLost, p.consolidators.lost.Load())
	to.Gauge(descTails, int64(p.tails.number()))
	to.Gauge(descMaxTails, int64(p.cfg.Streams))
	to.Gauge(descBuffer, p.hub.Size())
	to.Gauge(descReady, oneIf(p.readiness() == ""))

	p.pastFigures.list(to)

	p.streams.each(func(name string, c *streamCounts) {
		to.Gauge(descStreamSessions, c.sessions.Load(), name)
		to.Count(descStreamSent, c.records.Load(), name)
		to.Count(descStreamDropped, c.dropped.Load(), name)
	})
}

func oneIf(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// label is a reason as the value of a label.
func label(reason string) string { return strings.ReplaceAll(reason, " ", "_") }

// The hops and reasons of losses before this proxy that are counted by themselves. What
// a consolidator says beside them is another one: a peer makes no metrics.
var (
	hops    = [...]string{loss.AtConsolidator, loss.AtNetwork, another}
	reasons = [...]string{
		loss.TooSlow, loss.TooLate, loss.Filter, loss.Away, loss.Restarted, loss.TooLarge, loss.Malformed, another,
	}
)

const another = "other"

// upstream counts what came from the consolidators, and what did not.
type upstream struct {
	records atomic.Uint64
	lost    [len(hops)][len(reasons)]atomic.Uint64
	unknown [len(hops)]atomic.Uint64
}

// gap counts a loss.
func (u *upstream) gap(n *stream.Notice) {
	hop, reason := place(hops[:], n.Hop), place(reasons[:], n.Reason)
	u.lost[hop][reason].Add(n.Count)
	if n.Unknown {
		u.unknown[hop].Add(1)
	}
}

// each calls f with all that were ever counted, and with one of each hop.
func (u *upstream) each(f func(hop, reason string, n uint64)) {
	for h := range u.lost {
		for r := range u.lost[h] {
			if n := u.lost[h][r].Load(); n > 0 || reasons[r] == another {
				f(hops[h], reasons[r], n)
			}
		}
	}
}

// place is where a word is in a list, or the last place.
func place(list []string, word string) int {
	for i, w := range list {
		if w == word {
			return i
		}
	}
	return len(list) - 1
}
