package cli

import (
	"time"

	"github.com/spf13/pflag"

	"sluice/proxy"
)

// limits is the flags of how much the readers of a proxy may have of it.
type limits struct {
	connections, streams             int
	sessions, tenant, address, token int
	lifetime                         time.Duration
}

func (l *limits) flags(set *pflag.FlagSet) {
	set.IntVar(&l.connections, "max-connections", proxy.DefaultConnections, "have so many connections of clients at a time; beyond it only /healthz and /readyz answer")
	set.IntVar(&l.streams, "max-streams", proxy.DefaultStreams, "tail so many streams at a time; beyond it those that nobody reads give way, and names that no consolidator lists wait")
	set.IntVar(&l.sessions, "max-sessions", proxy.DefaultSessions, "serve so many sessions at a time; 0 is no limit")
	set.IntVar(&l.tenant, "max-tenant-sessions", proxy.DefaultTenantSessions, "and so many of one tenant's stream; 0 is no limit")
	set.IntVar(&l.address, "max-address-sessions", 0, "and so many from one address, or IPv6 network of 64 bits; 0 is no limit")
	set.IntVar(&l.token, "max-token-sessions", 0, "and so many with one token; 0 is no limit")
	set.DurationVar(&l.lifetime, "session-lifetime", proxy.DefaultLifetime, "end a session after 80 to 100 % of this time, so that its reader comes back, where it was; 0 is never")
}

// configure checks the flags, and sets what they say.
func (l *limits) configure(c *proxy.Config) error {
	for name, n := range map[string]int{
		"max-sessions": l.sessions, "max-tenant-sessions": l.tenant, "max-address-sessions": l.address, "max-token-sessions": l.token,
	} {
		if n < 0 {
			return usagef("--%s %d is negative: 0 is no limit", name, n)
		}
	}
	if l.connections <= 0 {
		return usagef("--max-connections %d: there is no less than 1", l.connections)
	}
	if l.streams <= 0 {
		return usagef("--max-streams %d: there is no less than 1", l.streams)
	}
	if l.lifetime < 0 {
		return usagef("--session-lifetime %s is negative: 0 is no limit", l.lifetime)
	}
	c.MaxSessions, c.MaxTenantSessions, c.Lifetime = orNone(l.sessions), orNone(l.tenant), orNone(l.lifetime)
	c.MaxConnections, c.Streams = l.connections, l.streams
	c.MaxAddressSessions, c.MaxTokenSessions = l.address, l.token
	return nil
}

// orNone is a limit as Config has it: 0 is its default there, and -1 none.
func orNone[T int | time.Duration](limit T) T {
	if limit == 0 {
		return -1
	}
	return limit
}
