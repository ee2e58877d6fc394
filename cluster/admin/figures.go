package admin

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Namespace is what the names of a program's metrics begin with, as in
// "sluice_proxy".
type Namespace string

// Desc describes a metric of the namespace.
func (n Namespace) Desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(string(n)+"_"+name, help, labels, nil)
}

// Figures takes a program's figures as they are at one moment.
type Figures struct{ to chan<- prometheus.Metric }

// Count is a number that only grows. The labels are the values of those in d.
func (f Figures) Count(d *prometheus.Desc, n uint64, labels ...string) {
	f.to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

// Gauge is a number that goes up and down.
func (f Figures) Gauge(d *prometheus.Desc, n int64, labels ...string) {
	f.to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
}

// Seconds is a time that goes up and down.
func (f Figures) Seconds(d *prometheus.Desc, t time.Duration, labels ...string) {
	f.to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, t.Seconds(), labels...)
}

// Registry is what /metrics serves: the figures that list gives when it is asked, and
// from as many goroutines as ask, others besides, and those of the process.
func Registry(list func(Figures), others ...prometheus.Collector) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collector(list),
	)
	r.MustRegister(others...)
	return r
}

// collector asks for figures whenever it is asked itself.
type collector func(Figures)

// Describe describes nothing, so that the list of figures is the only one.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the figures as they are now.
func (c collector) Collect(to chan<- prometheus.Metric) { c(Figures{to}) }
