package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// startSecure starts a proxy with TLS, whose sessions have a token.
func startSecure(o options, dir string) (*httpServer, error) {
	certificate, key, secret := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "secret")
	if err := makeCertificate(certificate, key); err != nil {
		return nil, err
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // it never fails
	if err := os.WriteFile(secret, []byte(base64.StdEncoding.EncodeToString(random)), 0o600); err != nil {
		return nil, err
	}
	token, err := exec.Command(o.sluice, "token", "--jwt-key", secret, "--tenant", "/.*/").Output()
	if err != nil {
		return nil, fmt.Errorf("make a token: %w", err)
	}
	o.proxyFlags = append(o.proxyFlags, "--tls-cert", certificate, "--tls-key", key, "--jwt-key", secret)
	s, err := startSluice(o, dir)
	if s != nil {
		s.tls = &tls.Config{InsecureSkipVerify: true} // its own certificate, on loopback
		s.headers = []string{"Authorization: Bearer " + strings.TrimSpace(string(token))}
	}
	return s, err
}

// makeCertificate writes a certificate for loopback that nobody else signed.
func makeCertificate(certificate, key string) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	if err := os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}

// dial connects to the server. Bytes that are only counted need not be deciphered:
// they are counted at the socket beneath.
func (s *httpServer) dial() (net.Conn, *net.TCPConn, error) {
	nc, err := dialHTTP(s.address)
	if err != nil {
		return nil, nil, err
	}
	tcp := nc.(*net.TCPConn)
	if s.tls == nil {
		return nc, tcp, nil
	}
	secured := tls.Client(nc, s.tls)
	return secured, tcp, secured.Handshake()
}
