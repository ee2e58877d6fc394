package proxy

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"sluice/cluster/auth"
	"sluice/proxy/door"
	"sluice/proxy/tally"
)

// admission is how many sessions there are, of the proxy and of each tenant, address
// and token. A limit of 0 is none.
type admission struct {
	proxy, tenant, address, token int // the limits

	mu   sync.Mutex
	all  int
	held map[holder]int
}

// holder is whose sessions are counted together: for the reason that is given when
// there are too many of them.
type holder struct {
	limit tally.Reason
	name  string
}

// admit counts a session in, or returns of whom there are too many. Call the function when
// it has ended.
func (a *admission) admit(holders []holder) (end func(), refused holder, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.proxy > 0 && a.all >= a.proxy {
		return nil, holder{limit: tally.ProxySessions}, false
	}
	for _, h := range holders {
		if limit := a.limit(h.limit); limit > 0 && a.held[h] >= limit {
			return nil, h, false
		}
	}
	if a.held == nil {
		a.held = make(map[holder]int)
	}
	a.all++
	for _, h := range holders {
		a.held[h]++
	}
	return func() { a.end(holders) }, holder{}, true
}

func (a *admission) end(holders []holder) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all--
	for _, h := range holders {
		if a.held[h]--; a.held[h] == 0 {
			delete(a.held, h)
		}
	}
}

func (a *admission) limit(reason tally.Reason) int {
	switch reason {
	case tally.TenantSessions:
		return a.tenant
	case tally.AddressSessions:
		return a.address
	case tally.TokenSessions:
		return a.token
	}
	return 0
}

// What a session reads that was not asked for by name: whoever may read tenants alone has
// as many of either as of a tenant's stream.
const (
	byPattern = "streams of a pattern, of "
	byList    = "the list of streams, of "
)

// byToken is before the token in whose name tenants' streams are read, when it opens tenants
// by a pattern: by their names it would have as many sessions as it can invent names, and
// leave a tenant none.
const byToken = "streams of tenants, by "

// holders are whose session a request for these streams would be, and for what else. The
// addresses of one IPv6 network of 64 bits are one: its host has them all.
func (a *admission) holders(r *http.Request, streams []string, unnamed string) (list []holder) {
	grant := auth.FromContext(r.Context())
	for _, name := range streams {
		tenant, ok := strings.CutPrefix(name, "tenant/")
		if !ok || a.tenant == 0 {
			continue
		}
		if grant.ByPattern() && grant.ID() != "" {
			list = append(list, holder{tally.TenantSessions, byToken + grant.ID()})
			break
		}
		list = append(list, holder{tally.TenantSessions, tenant})
	}
	if tenants := grant.Tenants(); a.tenant > 0 && unnamed != "" && tenants != "" {
		list = append(list, holder{tally.TenantSessions, unnamed + tenants})
	}
	if address := door.Address(r.Context()); a.address > 0 && address.IsValid() {
		if address.Is6() {
			address = netip.PrefixFrom(address, 64).Masked().Addr()
		}
		list = append(list, holder{tally.AddressSessions, address.String()})
	}
	if id := grant.ID(); a.token > 0 && id != "" {
		list = append(list, holder{tally.TokenSessions, id})
	}
	return list
}

// tooMany says what there is too much of, and what to do.
var tooMany = map[tally.Reason]string{
	tally.ProxySessions:   "this proxy has as many sessions as it serves: try again soon, ask another proxy, or raise --max-sessions",
	tally.TenantSessions:  "this tenant has as many sessions as it may: close one, or raise --max-tenant-sessions",
	tally.AddressSessions: "there are as many sessions from this address as may be: close one, or raise --max-address-sessions",
	tally.TokenSessions:   "this token has as many sessions as it may: close one, or raise --max-token-sessions",
}

// tooMany says that there are too many of h, and what to do.
func (h holder) tooMany() string {
	if strings.HasPrefix(h.name, byToken) {
		return "this token, which opens tenants by a pattern, has as many sessions as a tenant may: close one, or raise --max-tenant-sessions"
	}
	return tooMany[h.limit]
}

// begin admits a session that reads streams by name, and maybe what unnamed says, or
// refuses it with an answer. Call the function when the session has ended.
func (p *Proxy) begin(w http.ResponseWriter, r *http.Request, streams []string, unnamed string) (end func(), ok bool) {
	leave, refused, ok := p.admission.admit(p.admission.holders(r, streams, unnamed))
	if !ok {
		p.refuse(w, r, refused.limit, refused.tooMany())
		return nil, false
	}
	if !p.count() {
		leave()
		p.refuseDraining(w, r)
		return nil, false
	}
	return func() {
		leave()
		p.open.Add(-1)
		p.sessions.Done()
	}, true
}

// count counts a session, which the end of the proxy waits for, unless it has begun.
func (p *Proxy) count() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drained {
		return false
	}
	p.sessions.Add(1)
	p.open.Add(1)
	return true
}
