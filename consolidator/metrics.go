package consolidator

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

const namespace = "sluice_consolidator"

// metrics shows a consolidator's counts to Prometheus. Nothing is done for it
// until it is asked, but for the delays, of which a few are noted.
type metrics struct {
	c     *Consolidator
	delay [kinds]prometheus.Observer
	hist  *prometheus.HistogramVec
}

func newMetrics(c *Consolidator) *metrics {
	m := &metrics{c: c, hist: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace,
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
func (m *metrics) registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m, m.hist,
	)
	return r
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
}

// All of them stand in docs/operating.md, which a test holds.
var (
	descInfo = desc("info", "Always 1; how readers call this consolidator.", "name")

	descReceived      = desc("records_received_total", "Records read from publishers and appended to a stream.")
	descReceivedBytes = desc("received_bytes_total", "Bytes read from publishers, with all framing, and with what was dropped.")
	descSelf          = desc("self_records_total", "Records that the consolidator published about itself.")
	descSelfQuiet     = desc("log_lines_left_out_total", "Lines that were not logged: too many were like them, or nobody reads the log.")
	descDropped       = desc("records_dropped_total", "Messages of publishers that were passed over.", "reason")
	descDelivered     = desc("records_delivered_total", "Records written to readers.", "reader")
	descDeliverBytes  = desc("delivered_bytes_total", "Bytes written to readers, with all framing.", "reader")
	descLost          = desc("records_lost_total", "Records that readers were too slow or too late for, once they were told.", "reader")

	descConnections = desc("connections", "Peers that are connected now.", "kind")
	descMaxConns    = desc("connections_limit", "Connections that there may be at once.")
	descShare       = desc("connections_of_a_kind_limit", "Connections that there may be at once of publishers, and of readers.")
	descStalled     = desc("readers_stalled", "Readers that do not take what is written to them at the moment.")
	descRefused     = desc("connections_refused_total", "Connections that were closed before their handshake was done.", "reason")
	descClosed      = desc("connections_closed_total", "Connections that were closed by this side.", "reason")
	descAccept      = desc("accept_errors_total", "Errors when accepting a connection; accepting goes on.")

	descStreams       = desc("streams", "Streams that are held, live or not.")
	descMaxStreams    = desc("streams_limit", "Streams that may be held.")
	descSubscriptions = desc("subscriptions", "Subscriptions and tails of all readers.")
	descRefusedSubs   = desc("subscriptions_refused_total", "Subscriptions that were too many, or too long for any stream.")
	descBuffer        = desc("buffer_bytes", "Memory that holds records.")
	descMaxBuffer     = desc("buffer_limit_bytes", "Memory that may hold records.")
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
	counts := &m.c.counts
	gauge(descInfo, 1, m.c.cfg.Name)
	count(descReceived, counts.in.records.Load())
	count(descReceivedBytes, counts.in.bytes.Load())
	count(descSelf, counts.own.Load())
	count(descSelfQuiet, counts.quiet.Load())
	for k := range kinds {
		count(descDelivered, counts.out[k].records.Load(), k.String())
		count(descDeliverBytes, counts.out[k].bytes.Load(), k.String())
		count(descLost, counts.lost[k].Load(), k.String())
	}
	for reason, n := range counts.dropped {
		count(descDropped, n, reason)
	}
	for reason, n := range counts.refused {
		count(descRefused, n, reason)
	}
	for reason, n := range counts.closed {
		count(descClosed, n, reason)
	}
	count(descAccept, counts.accept.Load())
	count(descRefusedSubs, counts.subscriptions.Load())

	now := m.c.state()
	gauge(descConnections, int64(now.publishers), "publisher")
	gauge(descConnections, int64(now.shaking), "handshaking")
	for k := range kinds {
		gauge(descConnections, int64(now.readers[k]), k.String()+"_reader")
	}
	gauge(descStalled, int64(now.stalled))
	gauge(descMaxConns, int64(m.c.cfg.MaxConnections))
	gauge(descShare, int64(m.c.cfg.share()))
	gauge(descStreams, int64(now.streams))
	gauge(descMaxStreams, int64(m.c.cfg.MaxStreams))
	gauge(descSubscriptions, int64(now.subscriptions))
	gauge(descBuffer, now.buffer)
	gauge(descMaxBuffer, m.c.cfg.Buffer)
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
