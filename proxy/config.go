package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"sluice/cluster/auth"
	"sluice/cluster/loopback"
	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
	"sluice/proxy/door"
)

// The defaults of [Config].
const (
	DefaultListen       = "127.0.0.1:5580"
	DefaultAdmin        = "127.0.0.1:5581" // of the proxy's command; Config has none
	DefaultHeartbeat    = 10 * time.Second
	DefaultWriteTimeout = 15 * time.Second
	DefaultKeep         = time.Minute
	DefaultGrace        = 2 * time.Second
	DefaultReread       = 10 * time.Second
	DefaultFilterLag    = 5 * time.Second
	DefaultStreams      = 10_000

	// DefaultStreamBuffer has room for all that may wait to be appended
	// (stream.Config.Inbox, 16 MiB): what the proxy has to catch up with, it appends
	// much faster than any session is read, and what the log had no room for, all of
	// them would lose.
	DefaultStreamBuffer = 20 << 20

	DefaultConnections    = 20_000
	DefaultSessions       = 10_000
	DefaultTenantSessions = 10
	DefaultLifetime       = time.Hour
)

// Config is what a [Proxy] is made of.
type Config struct {
	// Listen is the address of the HTTP server, host:port. Empty means
	// DefaultListen; port 0 picks a free one.
	Listen string
	// Insecure permits, where there are no keys, an address beyond loopback and
	// requests with any Host.
	Insecure bool
	// Tokens verifies the tokens of requests, which then each need one; the proxy
	// runs it. With neither Tokens nor Forwarded everybody may read everything.
	Tokens *auth.Verifier
	// Forwarded are the headers by which TrustedProxies say who may read what; with
	// Tokens, for requests without a token.
	Forwarded Forwarded
	// TrustedProxies are the networks of the reverse proxies before this one: what
	// they say of whom they got a request from is believed.
	TrustedProxies []netip.Prefix
	// Origins are those whose pages may read here, besides the proxy's own:
	// https://logs.example.
	Origins []string
	// TLSCert and TLSKey are files with a certificate, and its chain, and its key, in
	// PEM. Both are read again when they change. Empty means no TLS.
	TLSCert, TLSKey string
	// Open opens a direct source of records: once for all streams, and once for
	// each session that has to read again what the log does not have any more.
	// mergeWait is how long a backfill is to wait for consolidators that have
	// neither answered nor failed; 0 means as long as the source does by itself.
	// The proxy runs what it opens. Required.
	Open func(mergeWait time.Duration) (Source, error)

	// History reads what was said before, as far as an archive has it: for since= and
	// last= beyond what is held in memory, for sessions that come back after long, and for
	// patterns that match streams which are not live. nil: there is none.
	History History

	// Buffer bounds the memory of all logs, in bytes. 0 means fanout's default.
	Buffer int64
	// StreamBuffer bounds the memory of one log, in bytes. 0 means
	// DefaultStreamBuffer.
	StreamBuffer int64
	// Streams bounds how many streams are tailed at a time; beyond it, those that
	// nobody reads give way, and only system, system/… and those that a
	// consolidator lists as live begin at once. 0 means DefaultStreams.
	Streams int
	// MaxConnections bounds the connections of clients, each of which takes a
	// descriptor. A quarter more, 4 to 64, are for those that are refused, or ask for
	// the proxy's health, which is told beyond the limit, too. 0 means
	// DefaultConnections.
	MaxConnections int
	// MaxSessions bounds the sessions, the watchers of the list of streams
	// included. 0 means DefaultSessions; -1 is no bound.
	MaxSessions int
	// MaxTenantSessions bounds those of the stream of one tenant. 0 means
	// DefaultTenantSessions; -1 is no bound.
	MaxTenantSessions int
	// MaxAddressSessions and MaxTokenSessions bound those from one address (of
	// IPv6, one network of 64 bits) and with one token. 0 is no bound.
	MaxAddressSessions, MaxTokenSessions int
	// Lifetime is how long a session lasts at most: it ends after 80 to 100 %
	// of that, at random, with an end event. 0 means DefaultLifetime; -1 is no
	// bound.
	Lifetime time.Duration
	// Heartbeat is the time between two ping events. 0 means DefaultHeartbeat.
	Heartbeat time.Duration
	// WriteTimeout is how long a session may block, and a request's body may take,
	// which nobody wants. 0 means DefaultWriteTimeout.
	WriteTimeout time.Duration
	// Keep is how long a stream is tailed after its last session. 0 means
	// DefaultKeep.
	Keep time.Duration
	// Reread is how long a session may take to read again what the log does not
	// have, once it is its turn, for which it waits three times as long at most; then
	// it goes on without. Half of it is for consolidators to answer, the rest for what
	// they sent. 0 means DefaultReread.
	Reread time.Duration
	// FilterLag is how long a session whose filter takes too much time is to
	// wait for it; further behind, it passes over records, and is told of the
	// loss. 0 means DefaultFilterLag.
	FilterLag time.Duration
	// Grace is how long sessions may take to end at a shutdown. 0 means
	// DefaultGrace.
	Grace time.Duration
	// Admin is the address of the endpoint for operators, host:port, as package
	// admin has it; empty means none. Profile has it serve /debug/pprof/, too.
	// AdminOpen permits one that other machines can reach, although it has no
	// passwords; Insecure does, too.
	Admin     string
	Profile   bool
	AdminOpen bool
	// Ready is called once, when /readyz begins to say that the proxy is ready. It
	// must not wait. nil is called by nobody.
	Ready func()
	// Logger gets what people should know. It must not wait. nil discards it.
	Logger *slog.Logger
}

// Forwarded are names of headers.
type Forwarded = door.Forwarded

// Source is what the proxy needs of a source: *stream.Source has it.
type Source interface {
	// Run reads until ctx ends.
	Run(ctx context.Context) error
	// Take returns what arrived, and an error when the source has ended.
	Take(ctx context.Context) (*stream.Batch, error)
	Tail(name string, from stream.Backfill)
	Stop(name string)
	Linger(every time.Duration, at time.Time)
	Status() []stream.Status
	WatchStreams(on bool)
	Streams() []stream.Live
}

// check fills in the defaults, and reports what cannot be.
func (c *Config) check() error {
	if c.Open == nil {
		return errors.New("proxy: Config.Open is required")
	}
	if c.Streams < 0 || c.MaxConnections < 0 || c.Heartbeat < 0 || c.WriteTimeout < 0 || c.Keep < 0 || c.Reread < 0 || c.FilterLag < 0 || c.Grace < 0 {
		return errors.New("proxy: a number or a time in Config is negative")
	}
	orDefault(&c.Listen, DefaultListen)
	orDefault(&c.Streams, DefaultStreams)
	orDefault(&c.StreamBuffer, DefaultStreamBuffer)
	orDefault(&c.Heartbeat, DefaultHeartbeat)
	orDefault(&c.WriteTimeout, DefaultWriteTimeout)
	orDefault(&c.Keep, DefaultKeep)
	orDefault(&c.Reread, DefaultReread)
	if c.MaxSessions < -1 || c.MaxTenantSessions < -1 || c.MaxAddressSessions < 0 || c.MaxTokenSessions < 0 || c.Lifetime < -1 {
		return errors.New("proxy: a limit of sessions in Config is negative")
	}
	orDefault(&c.MaxConnections, DefaultConnections)
	orDefault(&c.MaxSessions, DefaultSessions)
	orDefault(&c.MaxTenantSessions, DefaultTenantSessions)
	orDefault(&c.Lifetime, DefaultLifetime)
	orDefault(&c.FilterLag, DefaultFilterLag)
	orDefault(&c.Grace, DefaultGrace)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Ready == nil {
		c.Ready = func() {}
	}
	e, err := zmtp.ParseListen("tcp://" + c.Listen)
	if err != nil {
		return fmt.Errorf("proxy: listen on %q: give HOST:PORT, as in %s (%w)", c.Listen, DefaultListen, err)
	}
	host, _, _ := net.SplitHostPort(e.Address)
	if !c.Insecure && c.Tokens == nil && c.Forwarded.Tenants == "" && !loopback.Host(host) {
		return fmt.Errorf("proxy: listen on %q: anybody who reaches it could read every stream; give --jwt-key, --jwks or --auth-header, a loopback address, or --insecure", c.Listen)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("proxy: a certificate needs its key, and a key its certificate: give --tls-cert and --tls-key")
	}
	c.Listen = e.Address
	return nil
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
