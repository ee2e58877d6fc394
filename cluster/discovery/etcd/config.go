package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/grpclog"

	"sluice/cluster/discovery"
)

// Prefix is what the keys of consolidators begin with.
const Prefix = "/sluice/consolidators/"

// Config is how etcd is reached.
type Config struct {
	// Endpoints are its members, as http://HOST:2379 or https://HOST:2379; without a
	// scheme it is http. At least one, all of one scheme.
	Endpoints []string
	// CA is a file with the certificates that are believed besides the system's, Cert
	// and Key are files with ours, all in PEM. Each may be empty. They are read again for
	// each connection.
	CA, Cert, Key  string
	User, Password string // both, or neither

	Logger *slog.Logger // nil discards
}

// The times of connections, and how much an answer may have. What hears from etcd when it
// is back has two seconds for all there is to do: a connection that does not come about is
// tried anew soon, and one on which nothing arrives any more is given up.
const (
	askTimeout  = 5 * time.Second // of one question
	dialTimeout = 2 * time.Second // of one attempt to connect
	dialSoonest = 100 * time.Millisecond
	dialLatest  = 500 * time.Millisecond // between two attempts
	pingEvery   = 10 * time.Second       // the least that gRPC allows
	pingTimeout = 3 * time.Second        // also of what the other side's system does not acknowledge
	maxAnswer   = 4 << 20                // bytes
)

// Cluster is one etcd cluster. It makes no connection by itself; each Find and each
// Registrar has its own.
type Cluster struct {
	cfg       Config
	endpoints []string
	times     times
}

// New checks the configuration; it connects to nothing.
func New(cfg Config) (*Cluster, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Cluster{cfg: cfg, times: usualTimes}
	for _, given := range cfg.Endpoints {
		endpoint, err := parseEndpoint(given)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(c.endpoints, endpoint) {
			c.endpoints = append(c.endpoints, endpoint)
		}
	}
	if len(c.endpoints) == 0 {
		return nil, errors.New("no etcd is named: name it, as http://127.0.0.1:2379")
	}
	secure := strings.HasPrefix(c.endpoints[0], "https:")
	for _, e := range c.endpoints {
		if strings.HasPrefix(e, "https:") != secure {
			return nil, errors.New("etcd's endpoints are of http and of https: name one kind")
		}
	}
	switch {
	case (cfg.Cert == "") != (cfg.Key == ""):
		return nil, errors.New("a certificate for etcd needs its key, and a key its certificate: give both")
	case !secure && (cfg.CA != "" || cfg.Cert != ""):
		return nil, errors.New("certificates for etcd mean nothing without TLS: write https://HOST:2379")
	case (cfg.User == "") != (cfg.Password == ""):
		return nil, errors.New("a user of etcd needs a password, and a password its user: give both")
	}
	if secure {
		if _, err := cfg.tls(); err != nil { // what is wrong is said at the start
			return nil, err
		}
	}
	return c, nil
}

// parseEndpoint is an endpoint with its scheme and port.
func parseEndpoint(given string) (string, error) {
	text := strings.TrimSuffix(strings.TrimSpace(given), "/")
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Path != "" || u.RawQuery != "" || u.User != nil:
		return "", fmt.Errorf("%.80q is no endpoint of etcd: write it as http://127.0.0.1:2379", given)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("%.80q: etcd is reached by http or https: write it as http://127.0.0.1:2379", given)
	case u.Port() == "":
		u.Host = net.JoinHostPort(u.Hostname(), "2379")
	}
	return u.Scheme + "://" + u.Host, nil
}

// Place is where the consolidators stand.
func (c *Cluster) Place() discovery.Place {
	return discovery.Place{Name: "etcd", Address: strings.Join(c.endpoints, ",")}
}

// tls is how connections are protected.
func (cfg *Config) tls() (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.CA != "" {
		text, err := os.ReadFile(cfg.CA)
		if err != nil {
			return nil, fmt.Errorf("etcd's certificates: %w", err)
		}
		if t.RootCAs, err = x509.SystemCertPool(); err != nil {
			t.RootCAs = x509.NewCertPool()
		}
		if !t.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("etcd's certificates: %s has none in PEM", cfg.CA)
		}
	}
	if cfg.Cert != "" {
		if _, err := tls.LoadX509KeyPair(cfg.Cert, cfg.Key); err != nil {
			return nil, fmt.Errorf("the certificate for etcd: %w", err)
		}
		t.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(cfg.Cert, cfg.Key) // it may have been renewed
			return &pair, err
		}
	}
	return t, nil
}

// gRPC is kept from standard error, which belongs to the screen or to our log. It wants to
// be told before anything of it is used.
func init() {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
}

// impatient has a question fail at once, with the reason, while there is no connection;
// etcd's client would wait for one, and then say that time has run out.
func impatient(ctx context.Context, method string, ask, answer any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoke(ctx, method, ask, answer, conn, append(opts, grpc.WaitForReady(false))...)
}

// open makes a client. It connects in the background, for ever. Close it.
func (c *Cluster) open() (*clientv3.Client, error) {
	cfg := clientv3.Config{
		Endpoints:            c.endpoints,
		DialTimeout:          askTimeout,
		DialKeepAliveTime:    pingEvery,
		DialKeepAliveTimeout: pingTimeout,
		MaxCallRecvMsgSize:   maxAnswer,
		Username:             c.cfg.User,
		Password:             c.cfg.Password,
		Logger:               zap.NewNop(),
		MaxUnaryRetries:      1, // we ask again ourselves
		PermitWithoutStream:  true,
		DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(impatient), grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: dialSoonest, Multiplier: 1.6, Jitter: 0.2, MaxDelay: dialLatest},
			MinConnectTimeout: dialTimeout,
		})},
	}
	if strings.HasPrefix(c.endpoints[0], "https:") {
		var err error
		if cfg.TLS, err = c.cfg.tls(); err != nil {
			return nil, err
		}
	}
	return clientv3.New(cfg)
}

// connectionLost is closed, and end called, when a client's connection is not there any
// more. ctx ends the waiting for that.
func connectionLost(ctx context.Context, client *clientv3.Client, end func()) <-chan struct{} {
	lost := make(chan struct{})
	conn := client.ActiveConnection()
	go func() {
		if conn.WaitForStateChange(ctx, connectivity.Ready) {
			close(lost)
			end()
		}
	}()
	return lost
}
