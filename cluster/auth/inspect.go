package auth

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Inspection is what a token says of itself. Nobody has verified that.
type Inspection struct {
	Claims
	Algorithm string // as the token has it: foreign text
	KeyID     string // likewise; may be empty
	ID        string // as limits and logs have it
	others    []string
	grant     *Grant
}

// Inspect reads a token without verifying it.
func Inspect(token string) (*Inspection, error) {
	if err := checkForm(token); err != nil {
		return nil, err
	}
	claims := jwt.MapClaims{}
	t, _, err := jwt.NewParser(jwt.WithStrictDecoding()).ParseUnverified(token, claims)
	if errors.Is(err, jwt.ErrTokenMalformed) {
		return nil, refuse(Malformed, "that is no token: its parts are not base64 of JSON")
	}
	c, err := readClaims(claims)
	if err != nil {
		return nil, refuse(Malformed, "the token cannot be understood: "+err.Error())
	}
	g, err := c.Grant()
	if err != nil {
		return nil, refuse(Malformed, "the token's claim ten: "+err.Error())
	}
	i := &Inspection{Claims: c, ID: tokenID(token), grant: g}
	i.Algorithm, _ = t.Header["alg"].(string)
	i.KeyID, _ = t.Header["kid"].(string)
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		if !slices.Contains([]string{claimTenants, claimSystem, claimExpires, claimNotBefore, claimAudience, claimIssuer}, name) {
			i.others = append(i.others, fmt.Sprintf("%q", name))
		}
	}
	return i, nil
}

// Grant is what the token would open.
func (i *Inspection) Grant() *Grant { return i.grant }

// AppendTo writes the inspection as lines for people. Foreign texts are quoted; of
// claims that mean nothing here only the names stand in it.
func (i *Inspection) AppendTo(w io.Writer, now time.Time) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-11s %s\n", name+":", fmt.Sprintf(format, args...))
	}
	line("id", "%s", i.ID)
	line("algorithm", "%q", i.Algorithm)
	if i.KeyID != "" {
		line("key", "%q", i.KeyID)
	}
	line("opens", "%s", i.Summary())
	switch {
	case i.Expires.IsZero():
		line("expires", "never")
	case now.Before(i.Expires):
		line("expires", "%s, in %s", i.Expires.UTC().Format(time.RFC3339), ago(i.Expires.Sub(now)))
	default:
		line("expired", "%s, %s ago", i.Expires.UTC().Format(time.RFC3339), ago(now.Sub(i.Expires)))
	}
	if !i.NotBefore.IsZero() {
		line("not before", "%s", i.NotBefore.UTC().Format(time.RFC3339))
	}
	if len(i.Audience) > 0 {
		line("audience", "%q", i.Audience)
	}
	if i.Issuer != "" {
		line("issuer", "%q", i.Issuer)
	}
	if len(i.others) > 0 {
		line("and claims", "%s", strings.Join(i.others, ", "))
	}
}
