package collector

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"sluice/cluster/zmtp"
	"sluice/headless/collector/naming"
	"sluice/headless/collector/syslog"
	"sluice/headless/shipper"
)

// drainFor is how long what has come already is read when a collector ends.
const drainFor = 200 * time.Millisecond

// Syslog is where messages of syslog are listened for, and the rule for their
// streams, whose holes are {app}, {host}, {facility}, {severity}, {msgid} and {peer}.
type Syslog struct {
	Network string // udp or tcp
	Address string // HOST:PORT
	Stream  *naming.Rule
}

// ParseSyslog reads udp://HOST:PORT=STREAM and tcp://HOST:PORT=STREAM.
func ParseSyslog(text string) (s Syslog, err error) {
	where, stream, ok := strings.Cut(text, "=")
	network, address, ok2 := strings.Cut(where, "://")
	if !ok || !ok2 || network != "udp" && network != "tcp" {
		return s, fmt.Errorf("%q: write udp://HOST:PORT=STREAM or tcp://HOST:PORT=STREAM, as in 'udp://127.0.0.1:5514=system/{app}'", text)
	}
	s.Network, s.Address = network, address
	if s.Stream, err = naming.Parse(strings.Trim(stream, "'")); err != nil {
		return s, err
	}
	return s, checkHoles(s.Stream, "app", "host", "facility", "severity", "msgid", "peer")
}

// checkAddress refuses an address that cannot be listened on, and one that other
// machines reach, unless that is wanted.
func checkAddress(address string, insecure bool) error {
	e, err := zmtp.ParseListen("tcp://" + address)
	if err != nil {
		return fmt.Errorf("address %q: write HOST:PORT, as in 127.0.0.1:5514 (%w)", address, err)
	}
	if !e.Local() && !insecure {
		return fmt.Errorf("address %q can be reached from other machines, and everybody there could write to the streams: use a loopback address, or say --insecure", address)
	}
	return nil
}

// syslogSource is a source of messages of syslog.
type syslogSource struct {
	Syslog
	streams  *streams
	hostname string
	bound    atomic.Value // of string: the address, once it is bound

	messages, dropped, cut atomic.Uint64
	refused                atomic.Uint64 // connections
}

// label is what the source is called in notices and metrics.
func (s *syslogSource) label() string { return s.Network + "://" + s.Address }

// Run listens until ctx ends.
func (s *syslogSource) Run(ctx context.Context, out *shipper.Feed) error {
	listen := s.packets
	if s.Network == "tcp" {
		listen = s.connections
	}
	return keepTrying(ctx, out, "syslog on "+s.label(), func() error { return listen(ctx, out) })
}

// take publishes a message.
func (s *syslogSource) take(out *shipper.Feed, pipe *shipper.Pipe, buf, data []byte, cut int64, peer net.Addr) ([]byte, error) {
	now := time.Now()
	m := syslog.Parse(data, now)
	host := hostOf(peer)
	from := syslog.Origin{Host: host, Came: now, Cut: cut}
	if s.isOwn(host) {
		from.Host = s.hostname
	}
	s.messages.Add(1)
	if cut > 0 {
		s.cut.Add(1)
	}
	stream, first := s.streams.name(func(hole string) string {
		switch hole {
		case "app":
			return m.App
		case "host":
			return m.Host
		case "facility":
			return m.Facility()
		case "severity":
			return m.Severity()
		case "msgid":
			return m.MsgID
		}
		return host
	})
	if first {
		out.Notify(fmt.Sprintf("syslog on %s names more than %d streams, or streams with names that are too long: others go to %s", s.label(), s.streams.most, s.streams.fallback))
	}
	buf = m.AppendRecord(buf[:0], from)
	if err := pipe.Publish(stream, buf, now); err != nil {
		return buf, &publishError{err}
	}
	return buf, nil
}

// isOwn reports whether a host is this machine.
func (s *syslogSource) isOwn(host string) bool {
	ip := net.ParseIP(host)
	return ip == nil || ip.IsLoopback()
}

// hostOf is the address of a peer, without its port.
func hostOf(peer net.Addr) string {
	host, _, err := net.SplitHostPort(peer.String())
	if err != nil {
		return ""
	}
	return host
}
