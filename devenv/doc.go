// Package devenv runs a whole cluster in one process, to try Sluice on: N
// consolidators as if on N machines (vm-1, vm-2, …), a proxy on top of them,
// and fake publishers on each machine, with the full-screen client on it or
// without.
//
// # Contract
//
// Addresses: vm-1 listens on 5551 (publish), 5552 (subscribe) and 5553 (admin:
// metrics and health), vm-2 on 5561 and the two after it, and so on, the proxy
// on 5580, all of 127.0.0.1. A busy port is replaced by a free one, and that is
// reported.
//
// Publishers: on each machine and for each stream (system, system/scheduler,
// tenant/…) one client of package publish, as a Go service has one that logs.
// Their records are made up, from a seed, and look real: requests, jobs,
// errors with stacks, several lines, long lines, emoji, right-to-left text,
// bursts, and now and then a hostile one. What is published while a machine's
// consolidator is stopped waits for it, 1 MiB for each; what is above that is shed,
// oldest first, and a record in the stream says how many were.
//
// Stopping a machine, as [Devenv.Toggle] and key x of the client do, stops
// its consolidator cleanly: it sends its final positions, so that after its
// return readers know that nothing is missing. (To see a gap of unknown size,
// run consolidators as processes of their own and kill -9 one.) Its publishers
// are back within two seconds of its return.
//
// Shutdown: [Devenv.Run] blocks, and returns nil when its context ends or the
// client is left. All goroutines are gone then.
package devenv
