package etcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"
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
// yet, makes way: at once if it had this one's endpoint, which nobody else can have then,
// if another run is at its endpoint, or if that is of this machine and nobody is there;
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
			var taken *TakenError
			switch {
			case gone:
			case errors.As(err, &taken):
				return err
			case err != nil:
				r.c.cfg.Logger.Warn("whether the name is free is not known, since etcd does not answer any more: starting all the same", "name", r.own.Name, "error", reason(err))
				return nil
			default:
				return nil // it is asked to end
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
// *TakenError, or nil when ctx has ended, or why etcd does not say.
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
	answered := make(chan answer, 1)
	go func() { answered <- ask(ctx, other.reg) }()
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
			return false, err
		case err != nil: // it may be back in a moment
			until = time.Now().Add(r.c.times.doubt)
		case lease.TTL < 0, overdue(lease): // 0 is less than a second
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
		case says := <-answered:
			switch says {
			case itRuns:
				return false, taken
			case itIsGone:
				return true, nil
			case noAnswer:
			}
			answered = nil
		case <-time.After(r.c.times.poll):
		}
	}
	return true, nil
}

// overdue reports whether a lease was not renewed for two seconds more than those who
// live let pass, which renew it when a third of it is over.
func overdue(lease *clientv3.LeaseTimeToLiveResponse) bool {
	return lease.GrantedTTL-lease.TTL-1 > lease.GrantedTTL/3+2
}

// answer is what is known of the run of a consolidator once it was spoken to.
type answer int

const (
	noAnswer answer = iota // that means nothing: it may want keys
	itRuns
	itIsGone // another one is at its endpoint, or nobody
)

// ask speaks to the consolidator of a registration.
func ask(ctx context.Context, r registration) answer {
	e, err := zmtp.ParseEndpoint(r.Subscribe)
	if err != nil {
		return noAnswer
	}
	conn, err := zmtp.Dial(ctx, e, zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.PUB, zmtp.XPUB}})
	switch {
	case errors.Is(err, syscall.ECONNREFUSED) && ownAddress(e):
		return itIsGone // our own system says that nobody listens
	case err != nil:
		return noAnswer
	}
	defer conn.Close()
	switch {
	case r.Instance != "" && conn.Peer.Run == r.Instance, r.Instance == "" && conn.Peer.Name == r.Name:
		return itRuns
	case r.Instance != "" && conn.Peer.Run != "":
		return itIsGone
	}
	return noAnswer
}

// ownAddress reports whether an endpoint is at an address of this machine.
func ownAddress(e zmtp.Endpoint) bool {
	host, _, err := net.SplitHostPort(e.Address)
	ip := net.ParseIP(host)
	if err != nil || ip == nil {
		return false
	}
	if ip.IsLoopback() {
		return true
	}
	own, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(own, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}
