package engine

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// serving is the TLS of a server with a certificate in files; nil without one.
func serving(cert, key string) (*tls.Config, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	p := pair{cert: cert, key: key}
	if _, err := p.load(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.load() },
	}, nil
}

// pair is a certificate and its key in two files, read again when one of them changes.
type pair struct {
	cert, key string

	mu      sync.Mutex
	changed [2]time.Time
	now     *tls.Certificate
}

// load is the certificate as the files have it; one that could be read stays while they
// cannot be.
func (p *pair) load() (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var changed [2]time.Time
	for i, name := range [...]string{p.cert, p.key} {
		if info, err := os.Stat(name); err == nil {
			changed[i] = info.ModTime()
		}
	}
	if p.now != nil && changed == p.changed {
		return p.now, nil
	}
	got, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err == nil {
		p.now, p.changed = &got, changed
	} else if p.now == nil {
		return nil, fmt.Errorf("read the TLS certificate %q with the key %q: %w", p.cert, p.key, err)
	}
	return p.now, nil
}

// secure is how connections are protected; files may have been renewed at the next one.
func (c *DialConfig) secure() (opts []nats.Option, err error) {
	if c.CA != "" {
		text, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("the archive's certificates: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("the archive's certificates: %s has none in PEM", c.CA)
		}
		opts = append(opts, nats.Secure(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}))
	}
	if c.Cert != "" || c.Key != "" {
		if _, err := tls.LoadX509KeyPair(c.Cert, c.Key); err != nil {
			return nil, fmt.Errorf("the certificate for the archive: %w", err)
		}
		opts = append(opts, nats.ClientCert(c.Cert, c.Key))
	}
	return opts, nil
}
