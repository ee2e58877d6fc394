package door

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sluice/cluster/auth"
)

// Forwarded are the names of the headers by which a trusted reverse proxy says who
// may read what. That proxy has to take them out of what it is sent itself.
type Forwarded struct {
	Tenants string // a list of tenants with commas between them; "" where there is no such proxy
	System  string // "true" opens what the claim sys opens; may be ""
	User    string // who it is, for limits and logs; may be ""
}

// ownHeaders are read as what they are, or taken out before anybody reads them.
var ownHeaders = []string{"Authorization", "Host", "Cookie", "Connection", "Content-Length", "Transfer-Encoding", "Accept", "Origin", forwardedFor}

// check reports what cannot be the name of such a header, or of two.
func (f *Forwarded) check() error {
	seen := make(map[string]bool)
	for _, name := range []string{f.Tenants, f.System, f.User} {
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case name == "":
			continue
		case strings.ContainsFunc(name, func(c rune) bool { return !isNameByte(c) }):
			return fmt.Errorf("%q is no name of a header: give one as in X-Auth-Tenants", name)
		case slices.Contains(ownHeaders, canonical):
			return fmt.Errorf("the header %s means something else: give another, as in X-Auth-Tenants", canonical)
		case seen[canonical]:
			return fmt.Errorf("the header %s cannot say two things: give another one for each", canonical)
		}
		seen[canonical] = true
	}
	return nil
}

func isNameByte(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// grant reads the headers. One that comes twice is refused: the first may be the
// reader's own.
func (f *Forwarded) grant(h http.Header) (*auth.Grant, error) {
	var values [3]string
	for i, name := range []string{f.Tenants, f.System, f.User} {
		if name == "" {
			continue
		}
		lines := h.Values(name)
		if len(lines) > 1 {
			return nil, fmt.Errorf("the header %s comes more than once: the reverse proxy has to replace what it is sent", http.CanonicalHeaderKey(name))
		}
		if len(lines) == 1 {
			values[i] = strings.TrimSpace(lines[0])
		}
	}
	tenants, system, user := values[0], values[1], values[2]
	if tenants == "" && system == "" {
		return nil, errors.New("the reverse proxy does not say what you may read")
	}
	var c auth.Claims
	for name := range strings.SplitSeq(tenants, ",") {
		if name = strings.TrimSpace(name); name != "" {
			c.Tenants = append(c.Tenants, name)
		}
	}
	switch strings.ToLower(system) {
	case "", "false":
	case "true":
		c.System = true
	default:
		return nil, fmt.Errorf("the header %s is neither true nor false", http.CanonicalHeaderKey(f.System))
	}
	g := auth.NewGrant(c, forwardedID(tenants, system, user, f.User != ""))
	return g, nil
}

// forwardedID is what tells users apart: their names where these are known, else what
// they may read.
func forwardedID(tenants, system, user string, named bool) string {
	text := "user " + user
	if !named || user == "" {
		text = "may " + strings.ToLower(system) + " " + tenants
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
