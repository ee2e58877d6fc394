package proxy_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/internal/certificate"
	"sluice/internal/volume"
	"sluice/internal/wait"
	"sluice/proxy"
)

// identity writes a certificate for this machine and its key, both new.
func identity(t *testing.T, certFile, keyFile string, serial int64) *x509.Certificate {
	t.Helper()
	c, err := certificate.Write(certFile, keyFile, serial)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// secured is a client that believes one certificate.
func secured(t *testing.T, c *x509.Certificate, http2 bool) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(c)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: http2, DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: wait.Limit}
}

func TestSessionsOverTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	c := identity(t, cert, key, 1)
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.TLSCert, c.TLSKey = cert, key })
	for i, http2 := range []bool{false, true} {
		r := secureEvents(t, p, c, http2)
		if got := r.resp.ProtoMajor == 2; got != http2 {
			t.Errorf("it speaks %s", r.resp.Proto)
		}
		for seq := range 3 {
			seq := uint64(3*i + seq)
			f.send(records("a", 9, seq, 1)...)
			if got := r.next(""); !strings.Contains(got, string(payload("a", seq))) {
				t.Errorf("%s: %q", r.resp.Proto, got)
			}
		}
	}
}

// secureEvents is a session that has begun.
func secureEvents(t *testing.T, p *running, c *x509.Certificate, http2 bool) *reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.Addr()+"/api/logs/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := secured(t, c, http2).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	r := &reader{t: t, resp: resp, in: bufio.NewReader(resp.Body)}
	r.next("source")
	return r
}

func TestOldTLSIsRefused(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	c := identity(t, cert, key, 1)
	p := start(t, newFake(), func(c *proxy.Config) { c.TLSCert, c.TLSKey = cert, key })
	pool := x509.NewCertPool()
	pool.AddCert(c)
	for version, ok := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		nc, err := tls.Dial("tcp", p.Addr(), &tls.Config{RootCAs: pool, MinVersion: version, MaxVersion: version})
		if (err == nil) != ok {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			_ = nc.Close()
		}
	}
}

func TestCertificatesThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	cert, key, other, otherKey := filepath.Join(dir, "cert"), filepath.Join(dir, "key"), filepath.Join(dir, "other"), filepath.Join(dir, "otherKey")
	identity(t, cert, key, 1)
	identity(t, other, otherKey, 2)
	for name, files := range map[string][2]string{
		"no key": {cert, ""}, "no certificate": {"", key}, "another's key": {cert, otherKey}, "nothing there": {filepath.Join(dir, "x"), key}, "no certificate in it": {key, key},
	} {
		_, err := proxy.New(proxy.Config{
			Listen: "127.0.0.1:0", TLSCert: files[0], TLSKey: files[1],
			Open: func(time.Duration) (proxy.Source, error) { return newFake(), nil },
		})
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// A new certificate is taken up, and cuts nothing; while the files do not fit, the one
// from before is shown.
func TestACertificateThatChanges(t *testing.T) {
	volume.Check(t)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	first := identity(t, cert, key, 1)
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.TLSCert, c.TLSKey = cert, key })
	r := secureEvents(t, p, first, true)
	serial := func() int64 {
		nc, err := tls.Dial("tcp", p.Addr(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = nc.Close() }()
		return nc.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	identity(t, cert, filepath.Join(dir, "new"), 2) // its key comes later
	if got := serial(); got != 1 {
		t.Errorf("certificate %d is shown", got)
	}
	if err := os.Rename(filepath.Join(dir, "new"), key); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "the new certificate", func() bool { return serial() == 2 })
	f.send(records("a", 9, 0, 1)...)
	if got := r.next(""); !strings.Contains(got, "a 0") {
		t.Errorf("the stream from before: %q", got)
	}
}

// A response that nothing is written to goes on over HTTP/2 too, however long.
func TestAnIdleSessionOverHTTP2(t *testing.T) {
	const blocked = 500 * time.Millisecond
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	c := identity(t, cert, key, 1)
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.TLSCert, c.TLSKey, c.WriteTimeout = cert, key, blocked })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.Addr()+"/api/logs/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := secured(t, c, true).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	began := time.Now()
	wait.For(t, "more time than it may block", func() bool { return time.Since(began) > blocked+blocked/4 })
	if n := p.Stats().Sessions; n != 1 {
		t.Fatalf("%d sessions, want 1", n)
	}
	f.send(records("a", 9, 0, 1)...)
	if line, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil || line != string(payload("a", 0))+"\n" {
		t.Errorf("it gets %q, %v", line, err)
	}
}
