package etcd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"sluice/cluster/backoff"
	"sluice/cluster/discovery"
)

// TTL is after which time the key of a consolidator is gone that does not renew it.
const TTL = 10 * time.Second

// Registrar registers one consolidator. Claim may be called once, before Run.
type Registrar struct {
	c      *Cluster
	own    registration
	value  string
	client *clientv3.Client

	lease clientv3.LeaseID // of our key, as we wrote it last

	registered atomic.Bool
}

// Registrar returns what registers a consolidator, which has a name and an endpoint that
// others can reach, for one run of it, which instance tells from all others.
func (c *Cluster) Registrar(who discovery.Consolidator, instance string) (*Registrar, error) {
	r := &Registrar{c: c, own: registration{Version: 1, Name: who.Name, Subscribe: who.Subscribe, Key: who.Key, Instance: instance}}
	if instance == "" {
		return nil, errors.New("register in etcd: a run of a consolidator needs something that tells it from others")
	}
	if err := r.own.check(); err != nil {
		return nil, fmt.Errorf("register in etcd: %w", err)
	}
	value, err := json.Marshal(r.own)
	r.value = string(value)
	return r, err
}

// Registered reports whether the key was there when it was last looked at.
func (r *Registrar) Registered() bool { return r.registered.Load() }

func (r *Registrar) key() string { return Prefix + r.own.Name }

// Run keeps the consolidator registered until ctx ends, then removes it, for which it
// waits two seconds, and returns nil. It never gives up: while another one has the name it
// waits for that to go, as Claim does.
func (r *Registrar) Run(ctx context.Context) error {
	defer r.Close()
	log := r.c.cfg.Logger.With("etcd", r.c.Place().Address, "name", r.own.Name)
	var wait backoff.Backoff
	told := ""              // the trouble that was logged
	var replace int64       // what may be written over, since its holder is gone
	var contested time.Time // when somebody else was found there last
	for ctx.Err() == nil {
		began := time.Now()
		other, err := r.take(ctx, replace)
		replace = 0
		switch {
		case other != nil:
			err = &TakenError{Name: r.own.Name, Subscribe: other.reg.Subscribe}
			if time.Since(contested) < r.c.times.doubt {
				break
			}
			var gone bool
			if gone, err = r.contest(ctx, other); gone {
				replace = other.revision
				continue
			}
			contested = time.Now()
		case err == nil:
			log.Info("registered", "subscribe", r.own.Subscribe)
			told = ""
			err = r.keep(ctx)
			r.registered.Store(false)
			wait.Lasted(time.Since(began))
		}
		if ctx.Err() == nil && err != nil && reason(err) != told {
			told = reason(err)
			log.Warn("not registered: readers that come do not find this consolidator; trying again", "error", told)
		}
		wait.Wait(ctx)
	}
	return nil
}

// Close gives up the lease, if there is one, and the client, where Run is not called
// after Claim.
func (r *Registrar) Close() {
	if r.client == nil {
		return
	}
	if r.lease != clientv3.NoLease {
		ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
		defer cancel()
		if _, err := r.client.Revoke(ctx, r.lease); err != nil {
			r.c.cfg.Logger.Warn("the registration goes when its lease ends", "etcd", r.c.Place().Address, "name", r.own.Name, "within", TTL, "error", reason(err))
		}
	}
	r.client.Close()
}

// leaveTimeout is how long the end waits for etcd.
const leaveTimeout = 2 * time.Second

// holder is who has our key.
type holder struct {
	reg      registration
	revision int64            // of the key
	lease    clientv3.LeaseID // 0 if it has none
}

var errRaced = errors.New("somebody else wrote the key at the same time")

// take writes our key, unless somebody else has it: then it says who. What stands there
// at the revision replace is overwritten.
func (r *Registrar) take(ctx context.Context, replace int64) (other *holder, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if r.client == nil {
		if r.client, err = r.c.open(); err != nil {
			return nil, err
		}
	}
	now, err := r.client.Get(ctx, r.key())
	if err != nil {
		return nil, err
	}
	var revision int64
	if len(now.Kvs) > 0 {
		kv := now.Kvs[0]
		revision = kv.ModRevision
		there, _ := parseRegistration(r.key(), kv.Value) // what is none is somebody else's, too
		if revision != replace && there.Instance != r.own.Instance {
			return &holder{there, revision, clientv3.LeaseID(kv.Lease)}, nil
		}
	}
	lease, err := r.client.Grant(ctx, int64(r.c.times.ttl/time.Second))
	if err != nil {
		return nil, err
	}
	written, err := r.client.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(r.key()), "=", revision)).
		Then(clientv3.OpPut(r.key(), r.value, clientv3.WithLease(lease.ID))).
		Commit()
	switch {
	case err != nil:
		return nil, err // if it was written all the same, the next attempt finds it ours
	case !written.Succeeded:
		_, _ = r.client.Revoke(ctx, lease.ID) // or it ends by itself
		return nil, errRaced
	}
	r.lease = lease.ID
	r.registered.Store(true)
	return nil, nil
}

// keep renews our lease, and returns why the key is ours no longer, or nil when ctx ends.
// Once the connection was lost it is looked at as soon as etcd answers, which may know
// nothing any more.
func (r *Registrar) keep(ctx context.Context) error {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	renewed, err := r.client.KeepAlive(within, r.lease)
	if err != nil {
		return err
	}
	look := time.NewTicker(r.c.times.check)
	defer look.Stop()
	lost := connectionLost(within, r.client, func() {})
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-renewed:
			if !ok && ctx.Err() == nil {
				return errors.New("its lease has ended")
			}
		case <-lost:
			lost = nil
			look.Reset(r.c.times.poll)
		case <-look.C:
			there, err := r.isThere(ctx)
			switch {
			case err != nil: // it is not known
			case !there:
				return errors.New("its key was removed, or overwritten")
			case lost == nil:
				lost = connectionLost(within, r.client, func() {})
				look.Reset(r.c.times.check)
			}
		}
	}
}

// isThere reports whether the key is ours.
func (r *Registrar) isThere(ctx context.Context) (yes bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	now, err := r.client.Get(ctx, r.key())
	if err != nil {
		return false, err
	}
	return len(now.Kvs) > 0 && clientv3.LeaseID(now.Kvs[0].Lease) == r.lease && string(now.Kvs[0].Value) == r.value, nil
}
