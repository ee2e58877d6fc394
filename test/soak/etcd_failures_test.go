package main

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/internal/foreign"
	"sluice/internal/volume"
)

// away is longer than a registration lasts that is not renewed.
const away = 12 * time.Second

// What happens to etcd, or while it is away, costs nobody a record that reads already.
func TestEtcdFailures(t *testing.T) {
	volume.Long(t)
	foreign.Need(t, "etcd-server")
	for _, f := range []failure{
		{name: "killed, started again", phase: away, well: true, happen: whileAway(nil)},
		{name: "killed, started empty", well: true, happen: emptied},
		{name: "hung", phase: away, well: true, happen: hungEtcd},
		{name: "cut off from all", phase: away, well: true, happen: cutOff(true)},
		{name: "cut off from consolidators", phase: 2 * away, well: true, happen: cutOff(false)},
		{name: "its leader killed", phase: 5 * time.Second, well: true, prepare: three, happen: leaderless(1)},
		{name: "two of three killed", phase: away, well: true, prepare: three, happen: leaderless(2)},
		{name: "consolidator killed, elsewhere", times: 4, happen: recycles(true)},
		{name: "consolidator ended, elsewhere", times: 4, happen: recycles(false)},
		{name: "consolidator killed and started while etcd is away", phase: away, happen: whileAway(restarts(true))},
		{name: "consolidator killed, elsewhere, while etcd is away", phase: away, happen: whileAway(recycles(true))},
		{name: "consolidator ended, elsewhere, while etcd is away", phase: away, happen: whileAway(recycles(false))},
		{name: "proxy killed, started while etcd is away", phase: 2 * time.Second, well: true, proxy: true, happen: coldStart(false), later: warm(false)},
		{name: "proxy killed, started while etcd is silent", phase: 2 * time.Second, well: true, proxy: true, happen: coldStart(true), later: warm(true)},
	} {
		t.Run(f.name, func(t *testing.T) {
			if f.prepare == nil {
				f.prepare = single
			}
			if f.again == nil {
				f.again = registered
			}
			f.run(t)
		})
	}
}

// single has the consolidators found in an etcd of one member.
func single(t *testing.T, w *world) { inEtcd(t, w, 1) }

// three has the consolidators found in an etcd of three.
func three(t *testing.T, w *world) { inEtcd(t, w, 3) }

func inEtcd(t *testing.T, w *world, members int) {
	t.Helper()
	if err := register(w, members); err != nil {
		t.Fatal(err)
	}
}

// whileAway kills etcd, lets something happen that does not need it, and starts it again.
// It is away for so long that registrations end, if it can be seen that it is.
func whileAway(what func(ctx context.Context, w *world) (time.Time, error)) func(ctx context.Context, w *world) (time.Time, error) {
	return func(ctx context.Context, w *world) (time.Time, error) {
		began := time.Now()
		if err := w.registry.kill(w.registry.members...); err != nil {
			return time.Time{}, err
		}
		if err := missed(ctx, w); err != nil {
			return time.Time{}, err
		}
		if what != nil {
			if _, err := what(ctx, w); err != nil {
				return time.Time{}, err
			}
		}
		pause(ctx, time.Until(began.Add(away)))
		err := w.registry.start(ctx)
		return time.Now(), err
	}
}

// missed waits until the proxy says that its consolidators cannot be found anew, and that
// it is ready all the same.
func missed(ctx context.Context, w *world) error {
	if err := w.proxy.figure(ctx, "sluice_proxy_consolidators_found 0"); err != nil {
		return err
	}
	return w.proxy.await(ctx, "http://"+w.proxy.admin+"/readyz", func(string) bool { return true })
}

func emptied(ctx context.Context, w *world) (time.Time, error) {
	if err := w.registry.kill(w.registry.members...); err != nil {
		return time.Time{}, err
	}
	w.registry.forget()
	err := w.registry.start(ctx)
	return time.Now(), err
}

func hungEtcd(ctx context.Context, w *world) (time.Time, error) {
	err := w.hang(ctx, w.registry.members[0], away)
	return time.Now(), err
}

// cutOff cuts the consolidators off from etcd, and perhaps the readers.
func cutOff(readers bool) func(ctx context.Context, w *world) (time.Time, error) {
	return func(ctx context.Context, w *world) (time.Time, error) {
		r := w.registry
		ways := slices.Clone(r.machines)
		if readers {
			ways = append(ways, r.readers...)
		}
		cut(ways, true)
		pause(ctx, away)
		for _, m := range w.machines {
			if err := m.figure(ctx, "sluice_consolidator_registered 0"); err != nil {
				return time.Time{}, err
			}
		}
		if readers {
			if err := missed(ctx, w); err != nil {
				return time.Time{}, err
			}
		}
		cut(ways, false)
		return time.Now(), nil
	}
}

// leaderless kills so many of three members, the leader first. Of two, nobody leads.
func leaderless(n int) func(ctx context.Context, w *world) (time.Time, error) {
	return func(ctx context.Context, w *world) (time.Time, error) {
		first, err := leader(ctx, w.registry)
		if err != nil {
			return time.Time{}, err
		}
		gone := []*server{first}
		for _, s := range w.registry.members {
			if s != first && len(gone) < n {
				gone = append(gone, s)
			}
		}
		if err := w.registry.kill(gone...); err != nil {
			return time.Time{}, err
		}
		if n == 1 {
			_, err := leader(ctx, w.registry) // the others choose one
			return time.Now(), err
		}
		if err := missed(ctx, w); err != nil {
			return time.Time{}, err
		}
		pause(ctx, away)
		for _, s := range gone {
			if err := s.start(ctx); err != nil {
				return time.Time{}, err
			}
		}
		err = w.registry.ready(ctx)
		return time.Now(), err
	}
}

// leader is the member that leads.
func leader(ctx context.Context, r *registry) (*server, error) {
	var leading *server
	err := until(ctx, "a member leads", func() bool {
		for _, s := range r.members {
			if text, _ := get(ctx, "http://"+s.listen+"/metrics"); strings.Contains(text, "\netcd_server_is_leader 1\n") {
				leading = s
			}
		}
		return leading != nil
	})
	return leading, err
}

// recycles ends vm-1, and starts it at another port.
func recycles(force bool) func(ctx context.Context, w *world) (time.Time, error) {
	return func(ctx context.Context, w *world) (time.Time, error) {
		err := move(ctx, w, 0, force)
		return w.machines[0].since, err
	}
}

// coldStart kills the proxy and starts it again while etcd is dead, or silent; it reads
// from those that were known before.
func coldStart(silent bool) func(ctx context.Context, w *world) (time.Time, error) {
	return func(ctx context.Context, w *world) (time.Time, error) {
		etcd := w.registry.members[0]
		end := func() error { return etcd.stop(true) }
		if silent {
			end = func() error { return etcd.signal(syscall.SIGSTOP) }
		}
		if err := end(); err != nil {
			return time.Time{}, err
		}
		err := w.restart(ctx, w.proxy, true, 0, func() {})
		return w.proxy.since, err
	}
}

// warm brings etcd back after a cold start.
func warm(silent bool) func(ctx context.Context, w *world) (time.Time, error) {
	return func(ctx context.Context, w *world) (time.Time, error) {
		if err := missed(ctx, w); err != nil {
			return time.Time{}, err
		}
		heal := w.registry.start
		if silent {
			heal = func(context.Context) error { return w.registry.members[0].signal(syscall.SIGCONT) }
		}
		err := heal(ctx)
		return time.Now(), err
	}
}
