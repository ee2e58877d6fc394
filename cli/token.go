package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sluice/cluster/auth"
	"sluice/cluster/record"
	"sluice/cluster/stream/proxied"
)

const defaultTokenLife = time.Hour

func newToken(ended *outcome) *cobra.Command {
	var (
		keyFile, alg string
		claims       auth.Claims
		audience     string
		life         time.Duration
	)
	c := &cobra.Command{
		Use:   "token",
		Short: "Make a token that opens streams at a proxy",
		Long: "Make a token that opens streams at a proxy, and print it: a JWT, signed with the secret that the proxy has, or the\n" +
			"private key of its public one.\n\n" +
			"For development, and for where no service issues tokens. A proxy takes those of any issuer whose key it is given.",
		Example: "  head -c 32 /dev/urandom | base64 > secret\n  sluice token --jwt-key secret --tenant acme\n" +
			"  SLUICE_TOKEN=$(sluice token --jwt-key secret --system) sluice tail system",
		Args: noArguments,
	}
	c.Flags().StringVar(&keyFile, "jwt-key", "", "sign with the key in this file: an HMAC secret, or a private key in PEM")
	c.Flags().StringVar(&alg, "jwt-alg", "", "sign with this algorithm, as in HS256; by default the usual one of the key")
	c.Flags().StringArrayVar(&claims.Tenants, "tenant", nil, "open this tenant's stream; between slashes an RE2 that has to match the whole name: /acme-.*/ (repeatable)")
	c.Flags().BoolVar(&claims.System, "system", false, "open system, system/… and all else that is no tenant's")
	c.Flags().DurationVar(&life, "expires", defaultTokenLife, "let it end after this time; 0 for never")
	c.Flags().StringVar(&audience, "jwt-audience", "", "make it for this audience")
	c.Flags().StringVar(&claims.Issuer, "jwt-issuer", "", "name this issuer")
	c.RunE = ended.run(func(context.Context, []string) error {
		switch {
		case keyFile == "":
			return usagef("no key to sign with: give --jwt-key")
		case len(claims.Tenants) == 0 && !claims.System:
			return usagef("the token would open nothing: give --tenant or --system")
		case life < 0:
			return usagef("--expires %s is negative", life)
		case life > 0:
			claims.Expires = time.Now().Add(life)
		}
		if err := checkTenants(&claims); err != nil {
			return err
		}
		if audience != "" {
			claims.Audience = []string{audience}
		}
		token, err := auth.Sign(keyFile, alg, claims)
		if err != nil {
			return startError(err)
		}
		_, err = fmt.Println(token)
		return err
	})
	c.AddCommand(newTokenInspect(ended))
	return c
}

// checkTenants reports tenants with which the token would not open what is meant.
func checkTenants(claims *auth.Claims) error {
	for _, t := range claims.Tenants {
		if name, ok := strings.CutPrefix(t, "tenant/"); ok {
			return usagef("--tenant %q is the name of a stream, and would open tenant/%s: give the tenant alone, %s", t, t, name)
		}
	}
	if g, err := claims.Grant(); err == nil && g.MayNone() {
		return usagef("the token would open nothing: give --tenant a name, or --system")
	}
	return nil
}

func newTokenInspect(ended *outcome) *cobra.Command {
	var (
		keys  tokenKeys
		file  string
		names []string
	)
	c := &cobra.Command{
		Use:   "inspect [TOKEN]",
		Short: "Show what a token opens, and why a proxy would refuse it",
		Long: "Show what a token opens, until when, and, with the keys of the proxy, whether that would take it or why not.\n\n" +
			"The token is the argument, or of --token-file, or SLUICE_TOKEN, or what comes on standard input. It is not printed,\n" +
			"nor is anything else in it that is secret. The exit code is 1 if it would be refused.",
		Example: "  sluice token inspect --jwt-key secret --stream tenant/acme < token",
		Args:    cobra.MaximumNArgs(1),
	}
	keys.flags(c.Flags())
	tokenFileFlag(c.Flags(), &file)
	c.Flags().StringArrayVar(&names, "stream", nil, "say whether it opens this stream (repeatable)")
	c.RunE = ended.run(func(ctx context.Context, args []string) error {
		token, err := inspected(args, file)
		if err != nil {
			return err
		}
		var b strings.Builder
		about, err := auth.Inspect(token)
		if err != nil {
			return fmt.Errorf("every proxy would refuse it: %w", err)
		}
		about.AppendTo(&b, time.Now())
		for _, name := range names {
			opens := "closed"
			if about.Grant().May(name) {
				opens = "opens"
			}
			fmt.Fprintf(&b, "%-11s %s\n", opens+":", record.Safe(name))
		}
		verdict := inspectVerdict(ctx, &keys, token)
		if verdict == nil && keys.given() {
			b.WriteString("verdict:    a proxy with these keys takes it\n")
		}
		if _, err := io.WriteString(os.Stdout, b.String()); err != nil {
			return err
		}
		return verdict
	})
	return c
}

// inspectVerdict is why a proxy with these keys would refuse the token.
func inspectVerdict(ctx context.Context, keys *tokenKeys, token string) error {
	verifier, err := keys.verifier(true, nil)
	if err != nil {
		return startError(err)
	}
	if verifier == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		_ = verifier.Run(ctx) // returns nil
	}()
	defer func() {
		cancel()
		<-ran
	}()
	if _, err := verifier.Verify(ctx, token); err != nil {
		var refused *auth.Error
		if unread := verifier.Unread(); unread != nil && errors.As(err, &refused) && refused.OfKeys() {
			return fmt.Errorf("whether a proxy with these keys would take it is unknown: %w", unread)
		}
		return fmt.Errorf("a proxy with these keys would refuse it: %w", err)
	}
	return nil
}

// inspected is the token to be shown.
func inspected(args []string, file string) (string, error) {
	switch {
	case len(args) == 1 && args[0] != "-":
		return args[0], nil
	case file != "":
		return proxied.ReadToken(file)
	case len(args) == 0 && os.Getenv("SLUICE_TOKEN") != "":
		return os.Getenv("SLUICE_TOKEN"), nil
	}
	token, err := proxied.ParseToken(os.Stdin)
	if err != nil {
		return "", usagef("%w: give one as the argument, by --token-file, in SLUICE_TOKEN or on standard input", err)
	}
	return token, nil
}
