//go:build linux

package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/internal/foreign"
	"sluice/internal/lan"
	"sluice/internal/volume"
)

// The machines of the cluster are machines of their own here, on which their publishers
// are, and the readers of foreign kinds; the proxy and all others read over a network.
// vm-1's fails: its cable is pulled, or what is sent one way vanishes.
func TestPartitions(t *testing.T) {
	volume.Long(t)
	foreign.Need(t, "network namespaces")
	for _, d := range []time.Duration{time.Second, 5 * time.Second, 10 * time.Second, 40 * time.Second} {
		for how, cut := range map[string]func(*lan.Machine) error{
			"unplugged": (*lan.Machine).Unplug,
			"unheard":   (*lan.Machine).Mute,
			"deaf":      (*lan.Machine).Swallow,
		} {
			t.Run(how+" for "+d.String(), func(t *testing.T) {
				if lan.Inside(t) {
					partition(d, cut).run(t)
				}
			})
		}
	}
}

// One of them, which lasts so long that TCP alone would need as long again.
func TestPartitionHeals(t *testing.T) {
	volume.Check(t)
	foreign.Need(t, "network namespaces")
	if lan.Inside(t) {
		partition(5*time.Second, (*lan.Machine).Mute).run(t)
	}
}

// partition cuts vm-1 off from all who read over the network.
func partition(d time.Duration, cut func(*lan.Machine) error) failure {
	var m *lan.Machine
	return failure{
		phase: d + 2*time.Second,
		prepare: func(t *testing.T, w *world) {
			t.Helper()
			m = onNetwork(t, w)[0]
		},
		happen: func(ctx context.Context, w *world) (time.Time, error) {
			w.notef("vm-1 is cut off for %v", d)
			if err := cut(m); err != nil {
				return time.Time{}, err
			}
			pause(ctx, d)
			err := m.Heal()
			w.notef("vm-1 is reached again")
			return time.Now(), err
		},
	}
}

// onNetwork puts each consolidator on a machine of its own. Publishers and the readers of
// foreign kinds are on its side of the network.
func onNetwork(t *testing.T, w *world) []*lan.Machine {
	t.Helper()
	var all []*lan.Machine
	for i, m := range w.machines {
		vm := lan.New(t, i+1)
		all = append(all, vm)
		m.enter = vm.Enter()
		at := strings.Replace(m.listen, "127.0.0.1", vm.Address, 1)
		for i, a := range m.args {
			m.args[i] = strings.ReplaceAll(a, m.listen, at)
		}
		m.args = append(m.args, "--insecure")
		m.listen = at
		m.publish = slices.DeleteFunc(slices.Clone(m.publish), func(e zmtp.Endpoint) bool { return e.Network == "tcp" })
	}
	inFile(t, w)
	return all
}
