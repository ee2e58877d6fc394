package etcd_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
	"sluice/internal/foreign"
	"sluice/internal/relay"
	"sluice/internal/testetcd"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// Of three servers the leader is killed: what is known stays, and what changes is found
// when there is another leader. Of two the second one is killed: nobody leads.
func TestLeaderKilled(t *testing.T) {
	volume.Long(t)
	foreign.Need(t, "etcd-server")
	all := testetcd.Three(t)
	c := at(t, etcd.Config{Endpoints: []string{all[0].URL, all[1].URL, all[2].URL}})
	w := watch(t, c)
	r := registrar(t, c, "vm-1", "tcp://10.0.0.1:5552", "a")
	if err := r.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait.Run(t, r.Run)
	w.names("vm-1")
	leader := func() (at int) {
		for i, s := range all {
			if status, err := client(t, s).Status(t.Context(), s.URL); err == nil && status.Leader == status.Header.MemberId {
				at = i
			}
		}
		return at
	}
	first := leader()
	all[first].Kill()
	second := registrar(t, c, "vm-2", "tcp://10.0.0.2:5552", "b")
	wait.Run(t, second.Run)
	w.names("vm-1", "vm-2")
	other := (first + 1) % len(all)
	all[other].Kill()
	w.until("trouble", func(f discovery.Found) bool { return f.Trouble != "" })
	all[first].Run()
	all[other].Run()
	w.until("no trouble", func(f discovery.Found) bool { return f.Trouble == "" })
	wait.For(t, "both to be registered", func() bool { return r.Registered() && second.Registered() })
	w.names("vm-1", "vm-2")
}

// Cut off from etcd for longer than its lease, a consolidator is registered again when it
// is not any more; a reader that is cut off, too, keeps what it knows, also while it reads
// anew what has no such consolidator yet.
func TestPartition(t *testing.T) {
	volume.Check(t)
	s, near := server(t)
	reads, registers := relay.New(t, s.URL[len("http://"):]), relay.New(t, s.URL[len("http://"):])
	reader := at(t, etcd.Config{Endpoints: []string{"http://" + reads.Addr()}})
	reader.Keep(time.Minute)
	nearby, away := watch(t, near), watch(t, reader)
	far := at(t, etcd.Config{Endpoints: []string{"http://" + registers.Addr()}})
	r := registrar(t, far, "vm-1", "tcp://10.0.0.1:5552", "a")
	wait.Run(t, r.Run)
	nearby.names("vm-1")
	away.names("vm-1")
	for _, through := range []*relay.Relay{reads, registers} {
		through.Pause(true)
		through.Cut()
	}
	nearby.names() // the lease has ended
	away.until("trouble", func(f discovery.Found) bool { return f.Trouble != "" && len(f.Consolidators) == 1 })
	reads.Pause(false)
	away.until("no trouble", func(f discovery.Found) bool { return f.Trouble == "" })
	registers.Pause(false)
	nearby.names("vm-1")
	away.neverLess("vm-1")
	put(t, client(t, s), "vm-2", value("vm-2", "tcp://10.0.0.2:5552"))
	away.names("vm-1", "vm-2")
}

// A hundred thousand keys of somebody take neither much memory nor the places of those
// that are known.
func TestManyKeys(t *testing.T) {
	volume.Long(t)
	s, c := server(t)
	c.Relist(time.Hour)
	direct := client(t, s)
	put(t, direct, "vm-9", value("vm-9", "tcp://10.0.0.1:5552"))
	w := watch(t, c)
	w.names("vm-9")
	const all = 100_000
	for i := 0; i < all; i += 100 {
		var ops []clientv3.Op
		for j := i; j < i+100; j++ {
			name := fmt.Sprintf("a-%06d", j)
			ops = append(ops, clientv3.OpPut(etcd.Prefix+name, value(name, fmt.Sprintf("tcp://10.1.%d.%d:5552", j>>8&255, j&255))))
		}
		if _, err := direct.Txn(t.Context()).Then(ops...).Commit(); err != nil {
			t.Fatal(err)
		}
	}
	known := func(f discovery.Found) bool {
		for _, c := range f.Consolidators {
			if c.Name == "vm-9" {
				return true
			}
		}
		return false
	}
	w.until("a full set", func(f discovery.Found) bool {
		return len(f.Consolidators) == discovery.Max && known(f) && f.Trouble != ""
	})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	again := watch(t, c)
	again.until("a full set", func(f discovery.Found) bool { return len(f.Consolidators) == discovery.Max && f.Trouble != "" })
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("another reader of %d keys holds %d bytes", all, grown)
	}
}
