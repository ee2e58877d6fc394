package tally

import (
	"iter"
	"net/http"
	"sync/atomic"
)

// Kind is what happened.
type Kind string

// The kinds.
const (
	Refused Kind = "refused" // requests and connections that got an error, or nothing
	Cut     Kind = "cut"     // sessions that the proxy ended
	Dropped Kind = "dropped" // records that sessions were told they have lost at this proxy
)

// Reason is why.
type Reason uint8

// The reasons.
const (
	BadRequest     Reason = iota // what the request says cannot be read, or is too much
	NoToken                      // there is none, or several
	TokenMalformed               // it is none, or cannot be read
	TokenAlgorithm               // it is signed in a way that is not allowed
	TokenKey                     // nobody known here has signed it
	TokenOver                    // it has expired
	TokenNotYet                  // it is not valid yet
	TokenElsewhere               // it is for others
	NotForwarded                 // the reverse proxy does not say who it is
	Forbidden                    // the token does not name it
	Page                         // a page of another origin asks
	Host                         // it was sent to no name of this machine
	NotFound
	BadMethod
	TooManyFields   // of the request's headers
	TenantSessions  // the tenant has as many sessions as it may
	AddressSessions // likewise the address
	TokenSessions   // likewise the token
	ProxySessions   // likewise the proxy
	Connections     // likewise connections
	Draining        // the proxy is shutting down
	NoKeys          // none is known yet that tokens could be verified with

	Blocked  // the reader took nothing for too long
	Lifetime // the session was as old as sessions get
	Expired  // its token was
	Shutdown // the proxy ended

	Slow    // the reader was too slow
	Late    // what it asked for was gone
	Filter  // its filter took too much time
	Unknown // in gaps of unknown size: how often, not how many records
	reasons
)

var names = [reasons]struct {
	kind   Kind
	name   string
	status int // of the answer
}{
	BadRequest:      {Refused, "bad request", http.StatusBadRequest},
	NoToken:         {Refused, "no token", http.StatusUnauthorized},
	TokenMalformed:  {Refused, "token malformed", http.StatusUnauthorized},
	TokenAlgorithm:  {Refused, "token algorithm", http.StatusUnauthorized},
	TokenKey:        {Refused, "token of unknown key", http.StatusUnauthorized},
	TokenOver:       {Refused, "token expired", http.StatusUnauthorized},
	TokenNotYet:     {Refused, "token not yet valid", http.StatusUnauthorized},
	TokenElsewhere:  {Refused, "token for others", http.StatusUnauthorized},
	NotForwarded:    {Refused, "not from the reverse proxy", http.StatusUnauthorized},
	Forbidden:       {Refused, "forbidden", http.StatusForbidden},
	Page:            {Refused, "foreign page", http.StatusForbidden},
	Host:            {Refused, "foreign host", http.StatusForbidden},
	NotFound:        {Refused, "not found", http.StatusNotFound},
	BadMethod:       {Refused, "method", http.StatusMethodNotAllowed},
	TooManyFields:   {Refused, "header fields", http.StatusRequestHeaderFieldsTooLarge},
	TenantSessions:  {Refused, "sessions of the tenant", http.StatusTooManyRequests},
	AddressSessions: {Refused, "sessions of the address", http.StatusTooManyRequests},
	TokenSessions:   {Refused, "sessions of the token", http.StatusTooManyRequests},
	ProxySessions:   {Refused, "sessions of the proxy", http.StatusServiceUnavailable},
	Connections:     {Refused, "connections", http.StatusServiceUnavailable},
	Draining:        {Refused, "shutting down", http.StatusServiceUnavailable},
	NoKeys:          {Refused, "no keys", http.StatusServiceUnavailable},

	Blocked:  {Cut, "blocked", 0},
	Lifetime: {Cut, "lifetime", 0},
	Expired:  {Cut, "token expired", 0},
	Shutdown: {Cut, "shutting down", 0},

	Slow:    {Dropped, "reader too slow", 0},
	Late:    {Dropped, "asked for too late", 0},
	Filter:  {Dropped, "filter", 0},
	Unknown: {Dropped, "unknown", 0},
}

// Kind is what happened.
func (r Reason) Kind() Kind { return names[r].kind }

// Status is the HTTP status with which a request is refused; 0 of other kinds.
func (r Reason) Status() int { return names[r].status }

func (r Reason) String() string { return names[r].name }

// Counts are the counts of all reasons. The zero value is ready.
type Counts struct{ n [reasons]atomic.Uint64 }

// Add adds n to the count of a reason.
func (c *Counts) Add(r Reason, n uint64) { c.n[r].Add(n) }

// Of is the count of a reason.
func (c *Counts) Of(r Reason) uint64 { return c.n[r].Load() }

// All are the reasons with their counts as of now, those of a kind together.
func (c *Counts) All() iter.Seq2[Reason, uint64] {
	return func(yield func(Reason, uint64) bool) {
		for r := range reasons {
			if !yield(r, c.Of(r)) {
				return
			}
		}
	}
}
