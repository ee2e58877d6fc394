package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"sluice/cluster/zmtp"
)

// TakenError says that another consolidator has the name.
type TakenError struct {
	Name      string
	Subscribe string // the endpoint of the other one; empty if what stands there is no registration
}

func (e *TakenError) Error() string {
	if e.Subscribe == "" {
		return fmt.Sprintf("the name %q is taken: its key in etcd has something that is no registration: remove %s, or give this consolidator another name with --name", e.Name, Prefix+e.Name)
	}
	return fmt.Sprintf("the name %q is taken by the consolidator at %q: end that one, or give this one another name with --name", e.Name, e.Subscribe)
}

// Claim takes the name before the consolidator starts. Its error is a *TakenError when a
// consolidator that runs has it. One that does not run any more, and whose lease has not ended
// yet, makes way: at once if it had this one's endpoint, which nobody else can have then;
// otherwise once it has neither answered nor renewed its lease for five seconds.
// Where etcd does not answer, the consolidator is to start all the same, and Run registers it.
func (r *Registrar) Claim(ctx context.Context) error {
	until := time.Now().Add(r.c.times.patience)
	var replace int64
	for {
		other, err := r.take(ctx, replace)
		switch {
		case ctx.Err() != nil:
			return nil // it is asked to end
		case other != nil:
			gone, err := r.contest(ctx, other)
			if !gone {
				return err
			}
			replace = other.revision
			continue
		case err == nil:
			return nil
		case !errors.Is(err, errRaced) && time.Now().After(until):
			r.c.cfg.Logger.Warn("not registered yet, and whether the name is free is not known: starting all the same", "etcd", r.c.Place().Address, "name", r.own.Name, "error", reason(err))
			return nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(r.c.times.poll):
		}
	}
}

// contest finds out whether the holder of our name is gone. If not, the error is a
// *TakenError, or nil when ctx has ended, or etcd does not say.
func (r *Registrar) contest(ctx context.Context, other *holder) (gone bool, err error) {
	taken := &TakenError{Name: r.own.Name, Subscribe: other.reg.Subscribe}
	switch {
	case other.reg.Subscribe == r.own.Subscribe:
		return true, nil
	case other.lease == clientv3.NoLease: // it is there for ever
		return false, taken
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answered := make(chan bool, 1)
	go func() { answered <- answers(ctx, other.reg) }()
	began := time.Now()
	until := began.Add(r.c.times.doubt)
	left := int64(-1)   // seconds of its lease
	var ended time.Time // when it would have ended, and etcd have noticed
	for time.Now().Before(until) {
		lease, err := r.client.TimeToLive(ctx, other.lease)
		switch {
		case ctx.Err() != nil:
			return false, nil
		case err != nil && time.Now().After(began.Add(r.c.times.doubt+r.c.times.patience)):
			r.c.cfg.Logger.Warn("whether the name is free is not known, since etcd does not answer any more: starting all the same", "name", r.own.Name, "error", reason(err))
			return false, nil
		case err != nil: // it may be back in a moment
			until = time.Now().Add(r.c.times.doubt)
		case lease.TTL < 0: // 0 is less than a second
			return true, nil
		case left >= 0 && lease.TTL > left, left >= 0 && time.Now().After(ended): // renewed
			return false, taken
		default:
			if left < 0 {
				ended = time.Now().Add(time.Duration(lease.TTL+3) * time.Second)
			}
			left = lease.TTL
		}
		select {
		case <-ctx.Done():
			return false, nil
		case yes := <-answered:
			if yes {
				return false, taken
			}
			answered = nil
		case <-time.After(r.c.times.poll):
		}
	}
	return true, nil
}

// answers reports whether the consolidator of a registration, in that run of it, can be
// spoken to. That it cannot means nothing: it may want keys.
func answers(ctx context.Context, r registration) bool {
	e, err := zmtp.ParseEndpoint(r.Subscribe)
	if err != nil {
		return false
	}
	conn, err := zmtp.Dial(ctx, e, zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.PUB, zmtp.XPUB}})
	if err != nil {
		return false
	}
	defer conn.Close()
	if r.Instance == "" {
		return conn.Peer.Name == r.Name
	}
	return conn.Peer.Run == r.Instance
}
