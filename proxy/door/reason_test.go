package door_test

import (
	"context"
	"net/http"
	"testing"

	"sluice/cluster/auth"
	"sluice/proxy/door"
	"sluice/proxy/tally"
)

// refuser refuses every token for a reason.
type refuser auth.Reason

func (r refuser) Verify(context.Context, string) (*auth.Grant, error) {
	return nil, &auth.Error{Reason: auth.Reason(r)}
}

// Each refusal has a reason of its own, by which it is counted, and its status.
func TestEachRefusalHasItsReason(t *testing.T) {
	forwarded := door.Config{Forwarded: door.Forwarded{Tenants: "T"}, TrustedProxies: prefixes("10.0.0.1/32")}
	with := func(reason auth.Reason) door.Config { return door.Config{Verifier: refuser(reason)} }
	const token = "Bearer x"
	for _, c := range []struct {
		name   string
		cfg    door.Config
		header []string
		want   tally.Reason
		status int
	}{
		{"none", with(auth.Malformed), nil, tally.NoToken, 401},
		{"another scheme", with(auth.Malformed), []string{"Authorization", "Basic eA=="}, tally.NoToken, 401},
		{"malformed", with(auth.Malformed), []string{"Authorization", token}, tally.TokenMalformed, 401},
		{"algorithm", with(auth.Algorithm), []string{"Authorization", token}, tally.TokenAlgorithm, 401},
		{"key", with(auth.UnknownKey), []string{"Authorization", token}, tally.TokenKey, 401},
		{"expired", with(auth.Expired), []string{"Authorization", token}, tally.TokenOver, 401},
		{"not yet", with(auth.NotYet), []string{"Authorization", token}, tally.TokenNotYet, 401},
		{"for others", with(auth.Elsewhere), []string{"Authorization", token}, tally.TokenElsewhere, 401},
		{"no keys", with(auth.NoKeys), []string{"Authorization", token}, tally.NoKeys, 503},
		{"not through the reverse proxy", forwarded, []string{"T", "acme"}, tally.NotForwarded, 401},
		{"a page", with(auth.Malformed), []string{"Sec-Fetch-Site", "cross-site"}, tally.Page, 403},
		{"a name that points here", door.Config{}, []string{"Host", "evil.example"}, tally.Host, 403},
	} {
		a := opened(t, c.cfg, asks("/api/x", c.header...))
		if a.reason != c.want || a.status != c.status || a.in != nil {
			t.Errorf("%s: %s (%d), want %s (%d)", c.name, a.reason, a.status, c.want, c.status)
		}
		if challenged := a.header.Get("WWW-Authenticate") != ""; challenged != (c.status == http.StatusUnauthorized) {
			t.Errorf("%s: the header has %v", c.name, a.header)
		}
	}
}
