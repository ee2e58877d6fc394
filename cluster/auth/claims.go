package auth

import (
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"
)

// The claims that are read.
const (
	claimTenants   = "ten"
	claimSystem    = "sys"
	claimExpires   = "exp"
	claimNotBefore = "nbf"
	claimAudience  = "aud"
	claimIssuer    = "iss"
)

const (
	maxLike     = 16           // expressions of a token
	maxLikeSize = 512          // bytes of one
	maxLikeProg = 1000         // instructions of one
	maxTime     = 253402300800 // seconds: from there on it is the year 10000, which is a mistake
)

// Claims are what a token says, as far as it matters here.
type Claims struct {
	// Tenants are those whose streams may be read: a name each, or an RE2 between
	// slashes, which has to match the whole name: /acme-.*/.
	Tenants []string
	// System opens system, system/… and all else outside tenant/.
	System bool
	// Expires is when the token ends, and NotBefore when it begins; zero means that
	// it does not.
	Expires, NotBefore time.Time
	Audience           []string
	Issuer             string
}

// Grant is what the claims open. It has no ID.
func (c *Claims) Grant() (*Grant, error) {
	g := &Grant{system: c.System, tenants: make(map[string]struct{}, len(c.Tenants)), expires: c.Expires}
	for _, t := range c.Tenants {
		if len(t) < 2 || t[0] != '/' || t[len(t)-1] != '/' {
			if t != "" {
				g.tenants[t] = struct{}{}
			}
			continue
		}
		if len(g.like) == maxLike {
			return nil, fmt.Errorf("more than %d tenants are regular expressions", maxLike)
		}
		re, err := whole(t[1 : len(t)-1])
		if err != nil {
			return nil, err
		}
		g.like = append(g.like, re)
	}
	return g, nil
}

// whole compiles an expression so that it has to match a whole name.
func whole(expr string) (*regexp.Regexp, error) {
	if len(expr) > maxLikeSize {
		return nil, fmt.Errorf("the regular expression of a tenant is longer than %d bytes", maxLikeSize)
	}
	// By itself first: in a group, "a)|(b" would be one, too.
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the regular expression of a tenant cannot be read: %s", errorCode(err))
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil || len(prog.Inst) > maxLikeProg {
		return nil, fmt.Errorf("the regular expression of a tenant has more than %d instructions: write a simpler one", maxLikeProg)
	}
	// Not from the tree: its text takes half a second to read for some short expressions.
	re, err := regexp.Compile(`\A(?:` + expr + `)\z`)
	if err != nil { // a quoting is left open, which makes a text of the end, too
		re, err = regexp.Compile(`\A(?:` + expr + `\E)\z`)
	}
	return re, err
}

// errorCode is what is wrong with an expression, without the expression.
func errorCode(err error) string {
	if e, ok := err.(*syntax.Error); ok {
		return e.Code.String()
	}
	return "it is none"
}

// values are the claims as a token has them.
func (c *Claims) values() map[string]any {
	v := make(map[string]any)
	switch len(c.Tenants) {
	case 0:
	case 1:
		v[claimTenants] = c.Tenants[0]
	default:
		v[claimTenants] = c.Tenants
	}
	if c.System {
		v[claimSystem] = true
	}
	for name, t := range map[string]time.Time{claimExpires: c.Expires, claimNotBefore: c.NotBefore} {
		if !t.IsZero() {
			v[name] = t.Unix()
		}
	}
	if len(c.Audience) > 0 {
		v[claimAudience] = c.Audience
	}
	if c.Issuer != "" {
		v[claimIssuer] = c.Issuer
	}
	return v
}

// readClaims reads the claims of a token. One of another type than it should be makes
// the token a bad one: nobody knows what was meant.
func readClaims(v map[string]any) (c Claims, err error) {
	if c.Tenants, err = texts(v, claimTenants); err != nil {
		return c, err
	}
	if c.Audience, err = texts(v, claimAudience); err != nil {
		return c, err
	}
	switch s := v[claimSystem].(type) {
	case nil:
	case bool:
		c.System = s
	default:
		return c, mistyped(claimSystem, "true or false")
	}
	switch s := v[claimIssuer].(type) {
	case nil:
	case string:
		c.Issuer = s
	default:
		return c, mistyped(claimIssuer, "a text")
	}
	if c.Expires, err = moment(v, claimExpires); err != nil {
		return c, err
	}
	c.NotBefore, err = moment(v, claimNotBefore)
	return c, err
}

// texts reads a claim that is a text or a list of such.
func texts(v map[string]any, name string) (list []string, err error) {
	switch s := v[name].(type) {
	case nil:
		return nil, nil
	case string:
		return []string{s}, nil
	case []any:
		for _, e := range s {
			text, ok := e.(string)
			if !ok {
				return nil, mistyped(name, "a text or a list of texts")
			}
			list = append(list, text)
		}
		return list, nil
	}
	return nil, mistyped(name, "a text or a list of texts")
}

// moment reads a claim that is a time: seconds since 1970, maybe with a fraction.
func moment(v map[string]any, name string) (time.Time, error) {
	switch n := v[name].(type) {
	case nil:
		return time.Time{}, nil
	case float64:
		if math.Abs(n) < maxTime {
			seconds, fraction := math.Modf(n)
			t := time.Unix(int64(seconds), int64(fraction*1e9))
			if t.IsZero() { // which is what some issuers make of no time at all, and stands for none here
				t = t.Add(1)
			}
			return t, nil
		}
		return time.Time{}, fmt.Errorf("its claim %s is beyond the year 9999: it is to be in seconds since 1970", name)
	}
	return time.Time{}, mistyped(name, "a number of seconds since 1970")
}

func mistyped(name, want string) error {
	return fmt.Errorf("its claim %s is not %s", name, want)
}

// Summary is what the claims open, in words; names are quoted.
func (c *Claims) Summary() string {
	var parts []string
	for _, t := range c.Tenants {
		parts = append(parts, fmt.Sprintf("tenant %q", t))
	}
	if c.System {
		parts = append(parts, "system, and all else that is no tenant's")
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
