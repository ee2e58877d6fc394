package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// certificateEvery is how often the files of a certificate are looked at.
const certificateEvery = 2 * time.Second

// certificate is the proxy's TLS certificate, as its files have it now.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               atomic.Pointer[tls.Certificate]

	// Owned by newCertificate, then run.
	cert, key []byte // what now is made of
	failed    string // the error that was logged last
}

func newCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	return c, c.load()
}

// load takes up the files if they have changed. After an error, as while only one of
// them has been replaced, the certificate from before stays.
func (c *certificate) load() error {
	cert, err := os.ReadFile(c.certFile)
	if err != nil {
		return fmt.Errorf("read the TLS certificate: %w", err)
	}
	key, err := os.ReadFile(c.keyFile)
	if err != nil {
		return fmt.Errorf("read the TLS key: %w", err)
	}
	if c.cert != nil && bytes.Equal(cert, c.cert) && bytes.Equal(key, c.key) {
		return nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("read the TLS certificate %q with the key %q: %w", c.certFile, c.keyFile, err)
	}
	c.cert, c.key = cert, key
	c.now.Store(&pair)
	if left := time.Until(pair.Leaf.NotAfter); left <= 0 {
		c.log.Warn("the TLS certificate has expired", "file", c.certFile, "at", pair.Leaf.NotAfter)
	} else {
		c.log.Info("TLS certificate taken up", "file", c.certFile, "until", pair.Leaf.NotAfter)
	}
	return nil
}

// run takes up files that change until ctx ends.
func (c *certificate) run(ctx context.Context) {
	every := time.NewTicker(certificateEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		text := ""
		if err := c.load(); err != nil {
			text = err.Error()
		}
		if text != "" && text != c.failed {
			c.log.Warn("the TLS certificate cannot be read again: the one from before stays", "err", errors.New(text))
		}
		c.failed = text
	}
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil },
	}
}
