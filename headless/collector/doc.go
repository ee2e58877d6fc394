// Package collector publishes the logs that a machine already has: files that
// patterns find, also those of container runtimes, systemd's journal, syslog and
// OpenTelemetry's. It is what `sluice collect` runs.
//
// # Contract
//
// All goes over one connection, by package shipper: order, delivery, places, memory
// and shutdown of files are as its contract says. A source has its own goroutines, and
// one that fails is tried again; the others go on meanwhile.
//
// Streams: each source has a rule by which a message's stream is named
// (package naming). A source of the network names at most Config.MaxStreams; what comes
// for more goes to the stream in which no hole has a value, and is counted. A file
// whose path can be divided so that it would belong to several streams is refused.
//
// Losses: what a source is known to have lost is counted, told as a notice and as a
// record of level warn in the stream, and Run returns shipper.ErrMissing.
//
// Backpressure: while the buffer is full, files and the journal are read no
// further, TCP connections are not read, exporters of OpenTelemetry are told to
// wait, and the system drops datagrams, which it counts.
//
// Addresses: sources listen on loopback unless Config.Insecure: anybody who reaches
// them can write to the streams of their rules.
package collector
