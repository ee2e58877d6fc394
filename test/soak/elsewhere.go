package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sluice/cluster/zmtp"
)

// onMachines has what is no sluice reader read over sockets of the machines.
func onMachines(w *world) {
	for _, m := range w.machines {
		m.subscribe = slices.DeleteFunc(slices.Clone(m.subscribe), func(e zmtp.Endpoint) bool { return e.Network == "tcp" })
	}
}

// find has the proxy find consolidators by these flags.
func find(w *world, flags ...string) {
	var args []string
	for i := 0; i < len(w.proxy.args); i++ {
		if w.proxy.args[i] == "--consolidator" {
			i++
			continue
		}
		args = append(args, w.proxy.args[i])
	}
	w.proxy.args = append(args, flags...)
}

// move ends a consolidator and starts it at another port, as a machine that is recycled.
func move(ctx context.Context, w *world, machine int, force bool) error {
	m := w.machines[machine]
	port, err := freePort()
	if err != nil {
		return err
	}
	leave := func() {}
	var moved error
	err = w.restart(ctx, m.server, force, 0, func() {
		w.truth.stopping(machine, force)
		listenAt(m, port)
		leave, moved = advertiseElsewhere(w, machine)
	})
	leave()
	return errors.Join(err, moved)
}

// listenAt has a consolidator serve readers at another address when it is started.
func listenAt(m *machine, address string) {
	for i, a := range m.args {
		m.args[i] = strings.ReplaceAll(a, m.listen, address)
	}
	m.listen = address
}
