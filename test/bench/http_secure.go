package main

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sluice/internal/certificate"
)

// startSecure starts a proxy with TLS, whose sessions have a token.
func startSecure(o options, dir string) (*httpServer, error) {
	cert, key, secret := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "secret")
	if _, err := certificate.Write(cert, key, 1); err != nil {
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
	o.proxyFlags = append(o.proxyFlags, "--tls-cert", cert, "--tls-key", key, "--jwt-key", secret)
	s, err := startSluice(o, dir)
	if s != nil {
		s.tls = &tls.Config{InsecureSkipVerify: true} // its own certificate, on loopback
		s.headers = []string{"Authorization: Bearer " + strings.TrimSpace(string(token))}
	}
	return s, err
}

// dial connects to the server. Bytes that are only counted need not be deciphered:
// they are counted at the socket beneath.
func (s *httpServer) dial() (net.Conn, *net.TCPConn, error) {
	nc, err := dialHTTP(s.address)
	if err != nil {
		return nil, nil, err
	}
	secured, err := s.secured(nc)
	return secured, nc.(*net.TCPConn), err
}

// secured is a connection with TLS over another, if the server has it.
func (s *httpServer) secured(nc net.Conn) (net.Conn, error) {
	if s.tls == nil {
		return nc, nil
	}
	secured := tls.Client(nc, s.tls)
	return secured, secured.Handshake()
}
