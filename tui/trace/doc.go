// Package trace gathers the steps of one thing, such as a request, out of all stores: the
// records that pass a probe.
//
// # Contract
//
// A [Trace] copies what passes from the stores that are open, and those that are opened
// later, into a store of its own: first what is held, all in the order of the records'
// times, and then what comes. So the steps stay when the other stores let theirs go. A
// stream that several stores have is taken from one of them. Where records were lost in
// the time of the trace, the gap stands among the steps.
//
// Memory: of what is held [MaxSteps] steps or [MaxBytes] are copied, the rest is counted;
// what comes later is bounded as all stores are together. What was let go before it could
// be tested is counted, since nobody knows whether steps were among it.
//
// Ownership: all of it belongs to the goroutine of the stores. Nothing blocks: [Trace.Step]
// does a frame's share of the work. Stores that a trace reads stay open until whoever has
// called [Trace.Close] closes them.
package trace
