package door_test

import (
	"net/netip"
	"slices"
	"testing"

	"sluice/cluster/auth"
	"sluice/proxy/door"
)

func prefixes(list ...string) (all []netip.Prefix) {
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

func TestWhatATrustedProxySays(t *testing.T) {
	headers := door.Forwarded{Tenants: "X-Auth-Tenants", System: "x-auth-system", User: "X-Auth-User"}
	asked := []string{"tenant/acme", "tenant/acme2", "tenant/globex", "tenant//.*/", "tenant/*", "tenant/", "system", "other"}
	for _, c := range []struct {
		name, peer string
		header     []string
		opens      []string // nil: refused
	}{
		{"one tenant", "10.0.0.1", []string{"X-Auth-Tenants", "acme"}, []string{"tenant/acme"}},
		{"two", "10.0.0.1", []string{"X-Auth-Tenants", " acme , globex,"}, []string{"tenant/acme", "tenant/globex"}},
		{"an expression is a name", "10.0.0.1", []string{"X-Auth-Tenants", "/.*/"}, []string{"tenant//.*/"}},
		{"a star is a name", "10.0.0.1", []string{"X-Auth-Tenants", "*"}, []string{"tenant/*"}},
		{"the system", "10.0.0.1", []string{"X-Auth-System", "true"}, []string{"system", "other"}},
		{"both", "10.0.0.1", []string{"X-Auth-Tenants", "acme", "X-Auth-System", "TRUE"}, []string{"tenant/acme", "system", "other"}},
		{"not the system", "10.0.0.1", []string{"X-Auth-Tenants", "acme", "X-Auth-System", "false"}, []string{"tenant/acme"}},
		{"neither true nor false", "10.0.0.1", []string{"X-Auth-Tenants", "acme", "X-Auth-System", "1"}, nil},
		{"nothing", "10.0.0.1", nil, nil},
		{"empty", "10.0.0.1", []string{"X-Auth-Tenants", ""}, nil},
		{"twice, the first of the reader's own", "10.0.0.1", []string{"X-Auth-Tenants", "globex", "X-Auth-Tenants", "acme"}, nil},
		{"the system twice", "10.0.0.1", []string{"X-Auth-System", "true", "X-Auth-System", "false"}, nil},
		{"of a stranger", "192.0.2.1", []string{"X-Auth-Tenants", "acme"}, nil},
		{"of a stranger that says it is forwarded", "192.0.2.1", []string{"X-Auth-Tenants", "acme", "X-Forwarded-For", "10.0.0.1"}, nil},
		{"of the trusted, for one that is not", "10.0.0.1", []string{"X-Auth-Tenants", "acme", "X-Forwarded-For", "192.0.2.1"}, []string{"tenant/acme"}},
		{"with other credentials", "10.0.0.1", []string{"X-Auth-Tenants", "acme", "Authorization", "Basic eA=="}, []string{"tenant/acme"}},
	} {
		r := asks("/api/x", c.header...)
		r.RemoteAddr = c.peer + ":5"
		a := opened(t, door.Config{Forwarded: headers, TrustedProxies: prefixes("10.0.0.0/8")}, r)
		if c.opens == nil {
			if a.status != 401 {
				t.Errorf("%s: %d %s", c.name, a.status, a.detail)
			}
			continue
		}
		if a.in == nil {
			t.Errorf("%s: refused: %s", c.name, a.detail)
			continue
		}
		g := auth.FromContext(a.in.Context())
		for _, name := range asked {
			if g.May(name) != slices.Contains(c.opens, name) {
				t.Errorf("%s: %s opens: %v", c.name, name, g.May(name))
			}
		}
	}
}

func TestUsersOfATrustedProxyAreToldApart(t *testing.T) {
	id := func(headers door.Forwarded, header ...string) string {
		r := asks("/api/x", header...)
		r.RemoteAddr = "10.0.0.1:5"
		return auth.FromContext(opened(t, door.Config{Forwarded: headers, TrustedProxies: prefixes("10.0.0.1/32")}, r).in.Context()).ID()
	}
	named := door.Forwarded{Tenants: "T", User: "U"}
	ann, bob := id(named, "T", "acme", "U", "ann"), id(named, "T", "acme", "U", "bob")
	if ann == bob || ann == "" || ann != id(named, "T", "globex", "U", "ann") {
		t.Errorf("ids %q and %q", ann, bob)
	}
	nameless := door.Forwarded{Tenants: "T"}
	if acme := id(nameless, "T", "acme"); acme == "" || acme == id(nameless, "T", "globex") || acme != id(nameless, "T", "acme") {
		t.Errorf("without names: %q", acme)
	}
}

func TestDoorsThatCannotBe(t *testing.T) {
	for name, cfg := range map[string]door.Config{
		"a header that nobody is trusted with": {Forwarded: door.Forwarded{Tenants: "T"}},
		"a header for the system alone":        {Forwarded: door.Forwarded{System: "S"}, TrustedProxies: prefixes("10.0.0.1/32")},
		"no name of a header":                  {Forwarded: door.Forwarded{Tenants: "X Tenants"}, TrustedProxies: prefixes("10.0.0.1/32")},
		"a header that is taken out":           {Forwarded: door.Forwarded{Tenants: "authorization"}, TrustedProxies: prefixes("10.0.0.1/32")},
		"one header for two things":            {Forwarded: door.Forwarded{Tenants: "X-Auth", System: "x-auth"}, TrustedProxies: prefixes("10.0.0.1/32")},
		"everybody":                            {Forwarded: door.Forwarded{Tenants: "T"}, TrustedProxies: prefixes("10.0.0.0/8", "0.0.0.0/0")},
		"everybody by IPv6":                    {Forwarded: door.Forwarded{Tenants: "T"}, TrustedProxies: prefixes("::/0")},
		"all origins":                          {Origins: []string{"*"}},
		"no origin":                            {Origins: []string{"null"}},
		"a host":                               {Origins: []string{"logs.example"}},
		"a path":                               {Origins: []string{"https://logs.example/x"}},
		"a pattern":                            {Origins: []string{"https://*.example"}},
		"nothing":                              {Origins: []string{""}},
	} {
		if _, err := door.New(cfg); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
