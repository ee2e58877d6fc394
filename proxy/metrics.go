package proxy

import (
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/proxy/tally"
)

const namespace = "sluice_proxy"

// metrics shows a proxy's counts to Prometheus. Nothing is done for it until it is
// asked, but for the delays, of which a few are noted.
type metrics struct {
	p     *Proxy
	delay prometheus.Histogram
}

func newMetrics(p *Proxy) *metrics {
	return &metrics{p: p, delay: prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: namespace,
		Name:      "write_delay_seconds",
		Help:      "Time from the arrival of a record at this proxy to its writing to a session, of a sample of the live records.",
		Buckets:   []float64{100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30},
	})}
}

// registry is what /metrics serves.
func (m *metrics) registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m, m.delay,
	)
	return r
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
}

// All of them stand in docs/operating.md, which a test holds.
var (
	descSessions = desc("sessions", "Sessions that are open now, watchers of the list of streams included.")
	descConns    = desc("connections", "Connections of clients, those that are refused included.")
	descMaxConns = desc("connections_limit", "Connections beyond which more are refused.")
	descBegun    = desc("sessions_begun_total", "Sessions that have begun.")
	descCut      = desc("sessions_cut_total", "Sessions that the proxy ended.", "reason")
	descRefused  = desc("requests_refused_total", "Requests and connections that got an error, or nothing.", "reason")

	descReceived  = desc("records_received_total", "Records read from consolidators and appended to the log of a stream.")
	descSent      = desc("records_sent_total", "Records written to sessions.")
	descSentBytes = desc("sent_bytes_total", "Bytes written to sessions, without the framing of HTTP.")
	descDropped   = desc("records_dropped_total", "Records that sessions were told they have lost: at this proxy, once for each session; before it, once for each stream.", "hop", "reason")
	descUnknown   = desc("unknown_losses_total", "Losses whose number of records nobody knows.", "hop")

	descConsolidator = desc("consolidator_connected", "Whether a consolidator is connected (1) or not (0).", "consolidator")
	descLost         = desc("consolidator_lost_total", "How often a connection to a consolidator was lost.")
	descTails        = desc("streams_tailed", "Streams that are tailed at the consolidators.")
	descMaxTails     = desc("streams_tailed_limit", "Streams that may be tailed.")
	descBuffer       = desc("buffer_bytes", "Memory that holds records.")
	descReady        = desc("ready", "Whether /readyz says ready (1) or not (0).")

	descStreamSessions = desc("stream_sessions", "Sessions that read a stream now; the stream of an empty name is all that have no series of their own.", "stream")
	descStreamSent     = desc("stream_records_sent_total", "Records of a stream that were written to sessions.", "stream")
	descStreamDropped  = desc("stream_records_dropped_total", "Records of a stream that sessions were told they have lost at this proxy.", "stream")
)

// Describe describes nothing, so that Collect is the only list.
func (m *metrics) Describe(chan<- *prometheus.Desc) {}

// Collect sends the figures as they are now.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	put := func(d *prometheus.Desc, t prometheus.ValueType, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, t, value, labels...)
	}
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		put(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, n int64, labels ...string) {
		put(d, prometheus.GaugeValue, float64(n), labels...)
	}
	p := m.p
	gauge(descSessions, p.open.Load())
	gauge(descConns, int64(p.places.taken()))
	gauge(descMaxConns, int64(p.places.limit))
	count(descBegun, p.begun.Load())
	for reason, n := range p.counts.All() {
		switch reason.Kind() {
		case tally.Refused:
			count(descRefused, n, label(reason.String()))
		case tally.Cut:
			count(descCut, n, label(reason.String()))
		case tally.Dropped:
			if reason == tally.Unknown {
				count(descUnknown, n, loss.AtProxy)
			} else {
				count(descDropped, n, loss.AtProxy, label(reason.String()))
			}
		}
	}
	p.upstream.each(func(hop, reason string, n uint64) { count(descDropped, n, hop, label(reason)) })
	for i, hop := range hops {
		count(descUnknown, p.upstream.unknown[i].Load(), hop)
	}
	count(descReceived, p.upstream.records.Load())
	count(descSent, p.sent.records.Load())
	count(descSentBytes, p.sent.bytes.Load())

	for _, s := range p.source.Status() {
		gauge(descConsolidator, oneIf(s.State.Connected()), strings.ToValidUTF8(s.Name, "\uFFFD"))
	}
	count(descLost, p.consolidators.lost.Load())
	gauge(descTails, int64(p.tails.number()))
	gauge(descMaxTails, int64(p.cfg.Streams))
	gauge(descBuffer, p.hub.Size())
	gauge(descReady, oneIf(p.readiness() == ""))

	p.streams.each(func(name string, c *streamCounts) {
		gauge(descStreamSessions, c.sessions.Load(), name)
		count(descStreamSent, c.records.Load(), name)
		count(descStreamDropped, c.dropped.Load(), name)
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
