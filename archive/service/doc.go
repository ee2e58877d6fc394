// Package service is the archive as a process: the JetStream that it is kept in (package
// engine), what writes into it (package archive), an admin endpoint, and a record of its
// state on the stream "system/sluice/archive".
//
// # Contract
//
// New checks the configuration and binds the admin address. Run opens the store, or waits
// for the NATS servers, and archives until its context ends; then it appends what was read,
// ends the embedded server cleanly, and returns nil. What goes wrong later is logged,
// stands in the metrics and in the state record, and is tried again: only a store that
// cannot be opened, or a server that is not there any more, ends Run with an error.
//
// The state record is published like any application's, at the publish endpoint of a
// consolidator, since the archive reads from all of them and is none. It is not
// on "system/sluice", which belongs to the consolidators: they refuse what others publish
// there, so that nobody forges their words. Nobody waits for it: without a consolidator at
// the endpoint it is left out.
//
// It is ready (/readyz) once the store is open, and while that takes what is appended.
package service
