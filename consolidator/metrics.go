package consolidator

import (
	"github.com/prometheus/client_golang/prometheus"

	"sluice/cluster/admin"
)

const namespace admin.Namespace = "sluice_consolidator"

// metrics shows a consolidator's counts to Prometheus. Nothing is done for it
// until it is asked, but for the delays, of which a few are noted.
type metrics struct {
	c     *Consolidator
	delay [kinds]prometheus.Observer
	hist  *prometheus.HistogramVec
}

func newMetrics(c *Consolidator) *metrics {
	m := &metrics{c: c, hist: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: string(namespace),
		Name:      "write_delay_seconds",
		Help:      "Time from the reading of a record to its writing to a reader, of a sample of the live records.",
		Buckets: []float64{
			25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
		},
	}, []string{"reader"})}
	for k := range kinds {
		m.delay[k] = m.hist.WithLabelValues(k.String())
	}
	return m
}

// registry is what /metrics serves.
func (m *metrics) registry() *prometheus.Registry { return admin.Registry(m.list, m.hist) }

// All of them stand in docs/operations.md, which a test holds.
var (
	descRegistered = namespace.Desc("registered", "Whether readers find it in etcd (1) or not (0); only with --etcd.")
	descInfo       = namespace.Desc("info", "Always 1; how readers call this consolidator.", "name")

	descReceived      = namespace.Desc("records_received_total", "Records read from publishers and appended to a stream.")
	descReceivedBytes = namespace.Desc("received_bytes_total", "Bytes read from publishers, with all framing, and with what was dropped.")
	descSelf          = namespace.Desc("self_records_total", "Records that the consolidator published about itself.")
	descSelfQuiet     = namespace.Desc("log_lines_left_out_total", "Lines that were not logged: too many were like them, or nobody reads the log.")
	descDropped       = namespace.Desc("records_dropped_total", "Messages of publishers that were passed over.", "reason")
	descDenied        = namespace.Desc("records_denied_total", "Messages to streams that their publisher's key may not publish, by that key.", "key")
	descDelivered     = namespace.Desc("records_delivered_total", "Records written to readers.", "reader")
	descDeliverBytes  = namespace.Desc("delivered_bytes_total", "Bytes written to readers, with all framing.", "reader")
	descLost          = namespace.Desc("records_lost_total", "Records that readers were too slow or too late for, once they were told.", "reader")

	descConnections = namespace.Desc("connections", "Peers that are connected now.", "kind")
	descMaxConns    = namespace.Desc("connections_limit", "Connections that there may be at once.")
	descShare       = namespace.Desc("connections_of_a_kind_limit", "Connections that there may be at once of publishers, and of readers.")
	descStalled     = namespace.Desc("readers_stalled", "Readers that do not take what is written to them at the moment.")
	descRefused     = namespace.Desc("connections_refused_total", "Connections that were closed before their handshake was done.", "reason")
	descClosed      = namespace.Desc("connections_closed_total", "Connections that were closed by this side.", "reason")
	descAccept      = namespace.Desc("accept_errors_total", "Errors when accepting a connection; accepting goes on.")

	descStreams       = namespace.Desc("streams", "Streams that are held, live or not.")
	descMaxStreams    = namespace.Desc("streams_limit", "Streams that may be held.")
	descSubscriptions = namespace.Desc("subscriptions", "Subscriptions and tails of all readers.")
	descRefusedSubs   = namespace.Desc("subscriptions_refused_total", "Subscriptions that were too many, or too long for any stream.")
	descBuffer        = namespace.Desc("buffer_bytes", "Memory that holds records.")
	descMaxBuffer     = namespace.Desc("buffer_limit_bytes", "Memory that may hold records.")
)

// list gives the figures as they are now.
func (m *metrics) list(to admin.Figures) {
	counts := &m.c.counts
	to.Gauge(descInfo, 1, m.c.cfg.Name)
	if registered := m.c.cfg.Registered; registered != nil {
		n := int64(0)
		if registered() {
			n = 1
		}
		to.Gauge(descRegistered, n)
	}
	to.Count(descReceived, counts.in.records.Load())
	to.Count(descReceivedBytes, counts.in.bytes.Load())
	to.Count(descSelf, counts.own.Load())
	to.Count(descSelfQuiet, counts.quiet.Load())
	for k := range kinds {
		to.Count(descDelivered, counts.out[k].records.Load(), k.String())
		to.Count(descDeliverBytes, counts.out[k].bytes.Load(), k.String())
		to.Count(descLost, counts.lost[k].Load(), k.String())
	}
	for reason, n := range counts.dropped {
		to.Count(descDropped, n, reason)
	}
	for key, n := range m.c.denials.each {
		to.Count(descDenied, n, key)
	}
	for reason, n := range counts.refused {
		to.Count(descRefused, n, reason)
	}
	for reason, n := range counts.closed {
		to.Count(descClosed, n, reason)
	}
	to.Count(descAccept, counts.accept.Load())
	to.Count(descRefusedSubs, counts.subscriptions.Load())

	now := m.c.state()
	to.Gauge(descConnections, int64(now.publishers), "publisher")
	to.Gauge(descConnections, int64(now.shaking), "handshaking")
	for k := range kinds {
		to.Gauge(descConnections, int64(now.readers[k]), k.String()+"_reader")
	}
	to.Gauge(descStalled, int64(now.stalled))
	to.Gauge(descMaxConns, int64(m.c.cfg.MaxConnections))
	to.Gauge(descShare, int64(m.c.cfg.share()))
	to.Gauge(descStreams, int64(now.streams))
	to.Gauge(descMaxStreams, int64(m.c.cfg.MaxStreams))
	to.Gauge(descSubscriptions, int64(now.subscriptions))
	to.Gauge(descBuffer, now.buffer)
	to.Gauge(descMaxBuffer, m.c.cfg.Buffer)
}

// state is how things stand.
type state struct {
	publishers    int
	readers       [kinds]int
	stalled       int // of the readers
	shaking       int
	streams       int
	subscriptions int
	buffer        int64
}

func (c *Consolidator) state() (s state) {
	c.mu.Lock()
	s.publishers = len(c.publishers)
	for _, d := range c.doors {
		s.shaking += len(d.shaking)
	}
	readers := make([]*subscriber, 0, len(c.subscribers))
	for r := range c.subscribers {
		readers = append(readers, r)
	}
	c.mu.Unlock()
	for _, r := range readers {
		s.readers[r.kind()]++
		s.subscriptions += r.reader.Subscriptions()
		if r.blocked.Load() {
			s.stalled++
		}
	}
	s.streams, s.buffer = c.hub.Streams(), c.hub.Size()
	return s
}
