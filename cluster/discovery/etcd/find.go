package etcd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"sluice/cluster/backoff"
	"sluice/cluster/discovery"
)

// times are those of finding and registering; tests have shorter ones.
type times struct {
	relist   time.Duration // half of the time after which all is read again, at least
	restart  time.Duration // for which consolidators stay after etcd began anew, or was away
	check    time.Duration // between two looks at our own key
	ttl      time.Duration // whole seconds
	doubt    time.Duration // for which a lease that is not renewed may yet be
	patience time.Duration // for which Claim asks an etcd that does not answer
	poll     time.Duration // between two looks at a lease that is in doubt
}

var usualTimes = times{
	relist: 30 * time.Second, restart: 30 * time.Second, check: 3 * time.Second,
	ttl: TTL, doubt: TTL/3 + 2*time.Second, patience: 3 * time.Second, poll: 250 * time.Millisecond,
}

// maxHeld is how many registrations are held: those beyond what a cluster may have are
// there to take the places of others.
const maxHeld = 4 * discovery.Max

// finding is one Find.
type finding struct {
	c      *Cluster
	found  func(discovery.Found)
	client *clientv3.Client

	cluster  uint64 // its id; 0 before the first answer
	revision int64  // of the last answer
	entries  map[string]discovery.Consolidator
	kept     map[string]kept  // not there any more, but not for having been removed
	beyond   int              // registrations that are not held
	told     map[string]int64 // revisions of registrations that were complained of

	now      discovery.Found
	began    bool // now was told
	failures int
}

// kept is a registration that stays for a while although it is not there.
type kept struct {
	consolidator discovery.Consolidator
	until        time.Time
}

// Find reads and watches the registrations.
func (c *Cluster) Find(ctx context.Context, found func(discovery.Found)) error {
	f := &finding{c: c, found: found, entries: make(map[string]discovery.Consolidator), kept: make(map[string]kept), told: make(map[string]int64)}
	f.tell("")
	var wait backoff.Backoff
	for {
		began := time.Now()
		err := f.follow(ctx)
		if ctx.Err() != nil {
			if f.client != nil {
				f.client.Close()
			}
			return nil
		}
		if err == nil || errors.Is(err, rpctypes.ErrCompacted) {
			continue // it is read again
		}
		f.failures++
		if f.failures > 1 || !f.now.Known {
			f.tell(reason(err))
		}
		wait.Lasted(time.Since(began))
		if !wait.Wait(ctx) {
			continue // ctx has ended
		}
	}
}

// follow reads all registrations, and follows the changes until it is time to read all
// again.
func (f *finding) follow(ctx context.Context) (err error) {
	if f.client == nil {
		if f.client, err = f.c.open(); err != nil {
			return err
		}
	}
	if err := f.list(ctx); err != nil {
		return err
	}
	f.failures = 0
	f.tell("")
	ctx, cancel := context.WithTimeout(clientv3.WithRequireLeader(ctx), f.c.times.relist+rand.N(f.c.times.relist))
	defer cancel()
	// Watch waits for a connection, and the watch would be silent until there is one again.
	lost := connectionLost(ctx, f.client, cancel)
	changes := f.client.Watch(ctx, Prefix, clientv3.WithPrefix(), clientv3.WithRev(f.revision+1), clientv3.WithFragment())
	drop := time.NewTimer(time.Hour)
	defer drop.Stop()
	for {
		if next, some := f.nextDrop(); some {
			drop.Reset(time.Until(next))
		}
		select {
		case <-lost:
			return errors.New("the connection was lost")
		case <-ctx.Done():
			return nil
		case <-drop.C:
			now := time.Now()
			maps.DeleteFunc(f.kept, func(_ string, k kept) bool { return !now.Before(k.until) })
		case change, ok := <-changes:
			switch {
			case !ok && ctx.Err() != nil:
				changes = nil // whether it was for the connection is told above
				continue
			case !ok:
				return errors.New("the watch has ended")
			case change.Err() != nil:
				return change.Err()
			}
			for _, e := range change.Events {
				f.apply(e)
			}
			f.revision = max(f.revision, change.Header.Revision)
		}
		f.tell("")
	}
}

// nextDrop is when the next registration is dropped that is kept, if there is one.
func (f *finding) nextDrop() (next time.Time, some bool) {
	for _, k := range f.kept {
		if !some || k.until.Before(next) {
			next, some = k.until, true
		}
	}
	return next, some
}

// apply takes one change.
func (f *finding) apply(e *clientv3.Event) {
	key := string(e.Kv.Key)
	if e.Type == clientv3.EventTypeDelete {
		delete(f.entries, key)
		delete(f.kept, key)
		return
	}
	f.take(f.entries, key, e.Kv.ModRevision, e.Kv.Value)
}

// take adds a registration to a set, or removes it if it is none any more.
func (f *finding) take(to map[string]discovery.Consolidator, key string, revision int64, value []byte) {
	r, err := parseRegistration(key, value)
	if err != nil {
		delete(to, key)
		f.complain(key, revision, err)
		return
	}
	_, before := f.entries[key]
	if _, there := to[key]; !there && !before && len(to) >= maxHeld {
		f.beyond++
		return
	}
	to[key] = r.consolidator()
	delete(f.kept, key)
}

// maxTold is how many registrations are remembered that were complained of.
const maxTold = 256

// complain logs once what is wrong with a registration.
func (f *finding) complain(key string, revision int64, err error) {
	if f.told[key] == revision || len(f.told) >= maxTold {
		return
	}
	f.told[key] = revision
	f.c.cfg.Logger.Warn("registration passed over", "key", fmt.Sprintf("%.300q", key), "error", err)
	if len(f.told) == maxTold {
		f.c.cfg.Logger.Warn("further registrations that are passed over are not logged", "logged", maxTold)
	}
}

// tell reports what is known, if that is news, and what the trouble is.
func (f *finding) tell(trouble string) {
	next := discovery.Found{Known: f.cluster != 0, Trouble: trouble}
	for _, c := range f.entries {
		next.Consolidators = append(next.Consolidators, c)
	}
	for _, k := range f.kept {
		next.Consolidators = append(next.Consolidators, k.consolidator)
	}
	var left int
	next.Consolidators, left = discovery.Bound(next.Consolidators, f.now.Consolidators)
	if left += f.beyond; left > 0 && trouble == "" {
		next.Trouble = fmt.Sprintf("%d are registered beyond the %d that a cluster may have: they are passed over", left, discovery.Max)
	}
	if f.began && next.Equal(f.now) {
		return
	}
	if had := f.now.Trouble != ""; next.Known && had != (next.Trouble != "") {
		if !had {
			f.c.cfg.Logger.Warn("consolidators cannot be found anew: those that are known are kept", "etcd", f.c.Place().Address, "error", next.Trouble)
		} else {
			f.c.cfg.Logger.Info("consolidators are found again", "etcd", f.c.Place().Address, "consolidators", len(next.Consolidators))
		}
	}
	f.began, f.now = true, next
	f.found(next.Clone())
}
