package proxied

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxToken is the longest token that is sent, in bytes: longer ones no proxy takes.
const maxToken = 16 << 10

// token is what the proxy is shown; "" where there is none.
func (c *Config) token() (string, error) {
	if c.TokenFile == "" {
		return c.Token, nil
	}
	return ReadToken(c.TokenFile)
}

// ReadToken reads a token from a file, without the line break behind it.
func ReadToken(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	defer f.Close()
	return ParseToken(f)
}

// ParseToken reads a token from a reader to its end, of which it takes no more than a
// token can have.
func ParseToken(from io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(from, maxToken+1))
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimSpace(string(data))
	switch {
	case token == "":
		return "", errors.New("read the token: there is none")
	case len(data) > maxToken:
		return "", fmt.Errorf("read the token: it is longer than %d bytes", maxToken)
	case strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c >= 0x7f }):
		return "", errors.New("read the token: it has characters that no token has")
	}
	return token, nil
}

// trusted is whose certificates are believed; nil means those that the system believes.
func trusted(ca string) (*tls.Config, error) {
	if ca == "" {
		return nil, nil
	}
	text, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("read the certificates of --ca: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read the certificates of --ca: %q has none in PEM", ca)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}
