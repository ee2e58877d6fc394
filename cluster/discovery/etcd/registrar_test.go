package etcd_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// A registered consolidator is found until it ends, however often its key or its lease is
// taken away, and etcd begins anew.
func TestRegistered(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	w := watch(t, c)
	r := registrar(t, c, "vm-1", "tcp://10.0.0.1:5552", "a")
	if err := r.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop := wait.Run(t, r.Run)
	w.names("vm-1")
	direct := client(t, s)
	lease := func() clientv3.LeaseID {
		now, err := direct.Get(t.Context(), etcd.Prefix+"vm-1")
		if err != nil || len(now.Kvs) == 0 {
			return 0
		}
		return clientv3.LeaseID(now.Kvs[0].Lease)
	}
	first := lease()
	if _, err := direct.Delete(t.Context(), etcd.Prefix+"vm-1"); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "another key", func() bool { l := lease(); return l != 0 && l != first })
	second := lease()
	if _, err := direct.Revoke(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "another lease", func() bool { l := lease(); return l != 0 && l != second })
	w.names("vm-1")
	s.RestartEmpty()
	wait.For(t, "a key in the new etcd", func() bool { return lease() != 0 })
	w.names("vm-1")
	wait.For(t, "it to say so", r.Registered)
	stop()
	w.names()
	if r.Registered() {
		t.Error("it says that it is registered, and has ended")
	}
}

// The second of a name is refused, and told who has it, while the first can be spoken to.
func TestSecondOfAName(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	first, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	refused(t, c, registrar(t, c, "vm-1", first.SubscribeAddrs()[0], first.Instance()))
}

// And while it cannot, but renews its lease.
func TestSecondOfANameThatNobodyReaches(t *testing.T) {
	volume.Check(t)
	_, c := server(t)
	refused(t, c, registrar(t, c, "vm-1", silent(t), "a"))
}

// silent is an endpoint where nobody says a word.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return "tcp://" + l.Addr().String()
}

func refused(t *testing.T, c *etcd.Cluster, first *etcd.Registrar) {
	t.Helper()
	if err := first.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait.Run(t, first.Run)
	second := registrar(t, c, "vm-1", "tcp://127.0.0.1:2", "b")
	defer second.Close()
	err := second.Claim(t.Context())
	var taken *etcd.TakenError
	if !errors.As(err, &taken) || taken.Name != "vm-1" || taken.Subscribe == "" || !strings.Contains(err.Error(), taken.Subscribe) {
		t.Errorf("claim: %v", err)
	}
}

// Of many that start at once, one gets the name.
func TestRaceForAName(t *testing.T) {
	volume.Check(t)
	_, c := server(t)
	const all = 8
	var racing sync.WaitGroup
	errs := make(chan error, all)
	for i := range all {
		r := registrar(t, c, "vm-1", silent(t), fmt.Sprint(i))
		racing.Go(func() {
			err := r.Claim(t.Context())
			errs <- err
			if err == nil {
				wait.Run(t, r.Run)
			} else {
				r.Close()
			}
		})
	}
	racing.Wait()
	won := 0
	for range all {
		var taken *etcd.TakenError
		switch err := <-errs; {
		case err == nil:
			won++
		case !errors.As(err, &taken):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d got the name", won)
	}
}

// One that was killed and is started again need not wait for the lease that it had: at its
// endpoint at once, and at another one of the machine; on another machine soon.
func TestRestartedBeforeTheLeaseEnds(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	w := watch(t, c)
	c.Doubt(time.Hour, time.Minute)
	hung := silent(t)
	for i, at := range []string{"tcp://127.0.0.1:1", "tcp://127.0.0.1:1", "tcp://127.0.0.1:2", hung} {
		killed := registrar(t, c, "vm-1", at, fmt.Sprint(i))
		if err := killed.Claim(t.Context()); err != nil { // and nothing renews it
			t.Fatal(err)
		}
		defer killed.Close()
	}
	elsewhere := registrar(t, c, "vm-1", "tcp://127.0.0.1:3", "c")
	c.Doubt(500*time.Millisecond, time.Minute)
	if err := elsewhere.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait.Run(t, elsewhere.Run)
	w.until("it at its last endpoint", func(f discovery.Found) bool {
		return len(f.Consolidators) == 1 && f.Consolidators[0] == one("vm-1", "tcp://127.0.0.1:3")
	})
}

// A lease that was not renewed for longer than those who live take is that of one that is
// gone: nobody waits for it.
func TestOverdue(t *testing.T) {
	for _, c := range []struct {
		granted, left int64
		want          bool
	}{
		{10, 9, false},
		{10, 6, false},
		{10, 4, false},
		{10, 3, true},
		{10, 0, true},
		{60, 59, false},
		{60, 37, false},
		{60, 36, true},
		{2, 0, false},
	} {
		if got := etcd.Overdue(c.granted, c.left); got != c.want {
			t.Errorf("of %d seconds %d are left: overdue %t, want %t", c.granted, c.left, got, c.want)
		}
	}
}

// Another run at the endpoint of one says that it is gone. Where it started while etcd did
// not answer, it takes the name when that does.
func TestElsewhereWhileEtcdIsAway(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	c.Doubt(time.Hour, time.Minute)
	w := watch(t, c)
	other, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-2"})
	killed := registrar(t, c, "vm-1", other.SubscribeAddrs()[0], "a")
	if err := killed.Claim(t.Context()); err != nil { // and nothing renews it
		t.Fatal(err)
	}
	defer killed.Close()
	s.Kill()
	elsewhere := registrar(t, c, "vm-1", "tcp://127.0.0.1:2", "b")
	if err := elsewhere.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait.Run(t, elsewhere.Run)
	s.Run()
	s.Ready()
	w.until("it at its endpoint", func(f discovery.Found) bool {
		return len(f.Consolidators) == 1 && f.Consolidators[0] == one("vm-1", "tcp://127.0.0.1:2")
	})
}

// A name that somebody has written over is left alone while that stands there, and had
// again when it does not.
func TestOverwritten(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	w := watch(t, c)
	r := registrar(t, c, "vm-1", "tcp://10.0.0.1:5552", "a")
	wait.Run(t, r.Run)
	w.names("vm-1")
	direct := client(t, s)
	put(t, direct, "vm-1", value("vm-1", "tcp://10.0.0.9:5552"))
	wait.For(t, "it to notice", func() bool { return !r.Registered() })
	now, err := direct.Get(t.Context(), etcd.Prefix+"vm-1")
	if err != nil || !strings.Contains(string(now.Kvs[0].Value), "10.0.0.9") {
		t.Errorf("the key has %v, %v", now, err)
	}
	second := registrar(t, c, "vm-1", "tcp://10.0.0.2:5552", "b")
	defer second.Close()
	if err := second.Claim(t.Context()); err == nil {
		t.Error("a name without a lease was claimed")
	}
	if _, err := direct.Delete(t.Context(), etcd.Prefix+"vm-1"); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "it to be registered again", r.Registered)
}

// Without etcd a consolidator starts all the same, and is registered when that comes.
func TestEtcdComesLater(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	s.Kill()
	r := registrar(t, c, "vm-1", "tcp://10.0.0.1:5552", "a")
	if err := r.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait.Run(t, r.Run)
	s.Run()
	s.Ready()
	watch(t, c).names("vm-1")
}

func TestRegistrarRefuses(t *testing.T) {
	c := at(t, etcd.Config{Endpoints: []string{"127.0.0.1:1"}})
	for _, subscribe := range []string{"ipc:///run/s", "tcp://*:5552", "5552", "tcp://10.0.0.1:0"} {
		if _, err := c.Registrar(one("vm-1", subscribe), "a"); err == nil {
			t.Errorf("%s is registered", subscribe)
		}
	}
	if _, err := c.Registrar(one("", "tcp://10.0.0.1:5552"), "a"); err == nil {
		t.Error("none is registered")
	}
	if _, err := c.Registrar(one("vm-1", "tcp://10.0.0.1:5552"), ""); err == nil {
		t.Error("a run that nothing tells from others is registered")
	}
}
