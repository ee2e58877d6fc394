// Package etcd finds consolidators in etcd, and registers them there.
//
// # Contract
//
// Each consolidator has the key [Prefix] + its name, whose value is JSON:
//
//	{"v":1,"name":"vm-1","subscribe":"tcp://10.0.0.7:5552","key":"…","instance":"…"}
//
// key is its CURVE public key in Z85, and may be missing; instance is another one for each
// run of a consolidator; members that are not known here are passed over. Whoever writes
// there is believed to be a consolidator of the cluster: etcd's users and roles decide who
// may. Values are foreign input all the same: one that is not understood, or larger than 4 KiB,
// or that names an endpoint of ipc, is passed over, and the log says so once.
//
// Finding (a [discovery.Finder]): the keys are read at a revision and watched from there,
// and read again when the watch has ended for whatever reason, and every 30 to 60 seconds, since a
// watch may hang. Nothing that fails makes the set smaller. When etcd has begun anew, and
// so has a lower revision or is another cluster, those that were known stay half a minute
// for them to register again.
//
// Registering: a key belongs to a lease of [TTL], which is kept alive, and is made again,
// for ever, whenever it is gone or the key is. A name that another consolidator has is
// left to it: see [Registrar.Claim]. At the end the lease is revoked, and so the key
// is gone at once.
//
// Nothing is written to standard error by etcd's client or by gRPC.
package etcd
