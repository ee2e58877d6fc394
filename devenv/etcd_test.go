package devenv_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
	"sluice/devenv"
	"sluice/internal/foreign"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// With etcd the machines register there while they run, and the proxy reads what it finds.
func TestEtcd(t *testing.T) {
	volume.Long(t)
	foreign.Need(t, "etcd-server")
	var out output
	d := start(t, devenv.Config{Consolidators: 2, Tenants: 1, Rate: 5, Etcd: true, Output: &out})
	c, err := etcd.New(etcd.Config{Endpoints: []string{d.EtcdURL()}})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var now []string
	wait.Run(t, func(ctx context.Context) error {
		return c.Find(ctx, func(f discovery.Found) {
			mu.Lock()
			defer mu.Unlock()
			now = nil
			for _, c := range f.Consolidators {
				now = append(now, c.Name+" "+c.Subscribe)
			}
			slices.Sort(now)
		})
	})
	endpoints := d.SubscribeEndpoints()
	found := func(names ...string) {
		t.Helper()
		var want []string
		for i, name := range names {
			want = append(want, name+" "+endpoints[i])
		}
		wait.For(t, strings.Join(want, ", "), func() bool {
			mu.Lock()
			defer mu.Unlock()
			return slices.Equal(now, want)
		})
	}
	found("vm-1", "vm-2")
	for range 2 { // what is registered there outlives etcd
		if err := d.Break("etcd", devenv.Killed); err != nil {
			t.Fatal(err)
		}
		if err := d.Mend("etcd"); err != nil {
			t.Fatal(err)
		}
	}
	found("vm-1", "vm-2")
	if err := d.Break("vm-2", devenv.Killed); err != nil {
		t.Fatal(err)
	}
	found("vm-1") // its lease runs out
	if err := d.Mend("vm-2"); err != nil {
		t.Fatal(err)
	}
	found("vm-1", "vm-2")
	wait.For(t, "how to see it", func() bool { return strings.Contains(out.String(), "--etcd "+d.EtcdURL()) })
}

func TestEtcdIsMissing(t *testing.T) {
	t.Setenv("PATH", "")
	if _, err := devenv.New(devenv.Config{Etcd: true, Program: program(t)}); err == nil || !strings.Contains(err.Error(), "etcd-server") {
		t.Errorf("without etcd on the PATH: %v", err)
	}
}

// What is found in etcd is read.
func TestWithEtcd(t *testing.T) {
	foreign.Need(t, "etcd-server")
	d := start(t, devenv.Config{Consolidators: 1, Tenants: 1, Rate: 50, Etcd: true})
	until(t, tail(t, d, "system"), "vm-1")
}
