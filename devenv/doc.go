// Package devenv runs a whole cluster on one machine, to try Sluice on: N
// consolidators as if on N machines (vm-1, vm-2, …), a proxy and an archive on top of
// them, and fake publishers on each machine, with the full-screen client on it or
// without.
//
// # Contract
//
// Addresses: vm-1 listens on 5551 (publish), 5552 (subscribe) and 5553 (admin:
// metrics and health), vm-2 on 5561 and the two after it, and so on, the proxy
// on 5580, the archive on 5554, all of 127.0.0.1. A busy port is replaced by a free one, and that is
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
// Archive: it keeps everything in a temporary folder, which is removed at the end, or in
// Config.Store.
//
// Parts: each consolidator, the proxy, the archive, and etcd if wanted, is a process of its own
// ([RunPart]), which ends with ours, however that ends. [Devenv.Break], and key x of the
// client, really kill and stop them; others reach them through relays, which can be
// slow, and hold everything back. [Devenv.Mend] has them begin again where they were.
//
// Shutdown: [Devenv.Run] blocks, and returns nil when its context ends or the
// client is left. All goroutines and processes are gone then.
package devenv
