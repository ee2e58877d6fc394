package cli

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"sluice/cluster/auth"
	"sluice/proxy"
)

// access is the flags of who may read what through a proxy, and by which way.
type access struct {
	tokens    tokenKeys
	forwarded proxy.Forwarded
	trusted   []string
	origins   []string
	cert, key string
	insecure  bool
}

// tokenKeys is the flags of the keys that tokens are verified with.
type tokenKeys struct {
	keyFiles, jwks, algorithms []string
	audience, issuer           string
	leeway                     time.Duration
}

func (k *tokenKeys) flags(set *pflag.FlagSet) {
	set.StringArrayVar(&k.keyFiles, "jwt-key", nil, "a reader needs a token of the key in this file: an HMAC secret, or public keys in PEM (repeatable, for rotation)")
	set.StringArrayVar(&k.jwks, "jwks", nil, "or of one in this JSON Web Key Set: a file or a URL (repeatable)")
	set.StringSliceVar(&k.algorithms, "jwt-alg", nil, "allow tokens of these algorithms alone, as in HS256; by default those of the keys")
	set.StringVar(&k.audience, "jwt-audience", "", "a token has to be for this audience (claim aud)")
	set.StringVar(&k.issuer, "jwt-issuer", "", "a token has to be of this issuer (claim iss)")
	set.DurationVar(&k.leeway, "jwt-leeway", 0, "let tokens begin so much earlier and end so much later, where clocks differ")
}

// given tells whether there are any keys.
func (k *tokenKeys) given() bool { return len(k.keyFiles)+len(k.jwks) > 0 }

// verifier is nil without keys.
func (k *tokenKeys) verifier(insecure bool, logger *slog.Logger) (*auth.Verifier, error) {
	if !k.given() {
		if len(k.algorithms) > 0 || k.audience != "" || k.issuer != "" || k.leeway != 0 {
			return nil, usagef("--jwt-alg, --jwt-audience, --jwt-issuer and --jwt-leeway are of no use without a key: give --jwt-key or --jwks")
		}
		return nil, nil
	}
	return auth.New(auth.Config{
		KeyFiles: k.keyFiles, JWKS: k.jwks, Algorithms: k.algorithms, Audience: k.audience, Issuer: k.issuer,
		Leeway: k.leeway, Insecure: insecure, Logger: logger,
	})
}

func (a *access) flags(set *pflag.FlagSet) {
	a.tokens.flags(set)
	set.StringVar(&a.forwarded.Tenants, "auth-header", "", "or a trusted proxy has to say in this header which tenants a reader may read, as in X-Auth-Tenants: acme,globex")
	set.StringVar(&a.forwarded.System, "auth-system-header", "", "and in this one that it may read the system's streams: true")
	set.StringVar(&a.forwarded.User, "auth-user-header", "", "and in this one who it is, for limits and logs")
	set.StringSliceVar(&a.trusted, "trusted-proxies", nil, "believe X-Forwarded-For and --auth-header of these addresses and networks alone, as in 10.0.0.0/8,::1")
	set.StringArrayVar(&a.origins, "cors", nil, "let pages of this origin read, as in https://logs.example (repeatable)")
	set.StringVar(&a.cert, "tls-cert", "", "serve HTTPS with the certificate in this file, in PEM; taken up when it changes")
	set.StringVar(&a.key, "tls-key", "", "and the key in this one")
	set.BoolVar(&a.insecure, "insecure", false, "without keys, listen beyond this machine, although everybody there can read everything; with --jwks, fetch it over http")
}

// configure puts the flags into a proxy's configuration.
func (a *access) configure(config *proxy.Config) (err error) {
	if config.Tokens, err = a.tokens.verifier(a.insecure, config.Logger); err != nil {
		return err
	}
	config.Forwarded, config.Origins, config.Insecure = a.forwarded, a.origins, a.insecure
	config.TLSCert, config.TLSKey = a.cert, a.key
	for _, text := range a.trusted {
		network, err := parseNetwork(strings.TrimSpace(text))
		if err != nil {
			return err
		}
		config.TrustedProxies = append(config.TrustedProxies, network)
	}
	return nil
}

// parseNetwork reads an address or a network.
func parseNetwork(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("--trusted-proxies %q: give an address or a network, as in 10.0.0.0/8", text)
	}
	if a := network.Addr(); a.Is4In6() && network.Bits() >= 96 { // as addresses are compared
		network = netip.PrefixFrom(a.Unmap(), network.Bits()-96)
	}
	return network.Masked(), nil
}
