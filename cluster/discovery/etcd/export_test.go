package etcd

import (
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Quick has a cluster do what takes half a minute within two seconds. Leases last four
// seconds, so that it can be seen that they are renewed.
func (c *Cluster) Quick() {
	c.times = times{
		relist: 2 * time.Second, restart: 2 * time.Second, check: 200 * time.Millisecond,
		ttl: 4 * time.Second, doubt: 20 * time.Second, patience: 300 * time.Millisecond, poll: 50 * time.Millisecond,
	}
}

// Doubt sets for how long a lease is believed that nobody renews, and how long it is.
func (c *Cluster) Doubt(d, ttl time.Duration) { c.times.doubt, c.times.ttl = d, ttl }

// Relist sets after which time all is read again, at least.
func (c *Cluster) Relist(d time.Duration) { c.times.relist = d }

// Keep sets for how long consolidators stay after etcd was away.
func (c *Cluster) Keep(d time.Duration) { c.times.restart = d }

// ParseRegistration reads the value of a key.
func ParseRegistration(key string, value []byte) error {
	_, err := parseRegistration(key, value)
	return err
}

const (
	MaxValue = maxValue
	MaxHeld  = maxHeld
)

// Overdue reports whether a lease is, of which so many seconds are left.
func Overdue(granted, left int64) bool {
	return overdue(&clientv3.LeaseTimeToLiveResponse{GrantedTTL: granted, TTL: left})
}
