// Package query finds the rows that pass a filter or match a search.
//
// # Contract
//
// A [Filter] chooses rows by level, expression and the terms of
// [sluice/cluster/query]; [Parse] reads them. A
// [Matcher] looks for a pattern in what rows show. Both make a [Probe], a test of rows
// that several goroutines may use at once. Where a probe knows a word that all rows
// have which pass, blocks of records are gone through for the word alone.
//
// A [Scan] applies a probe to a store. It begins where somebody is looking, goes up to
// the newest record, then down to the oldest, and knows at any time which records it
// has tested and which of them pass. [Scan.Step] tests until a deadline; when there is
// much, goroutines test it on all cores through a lease of the store, and Step only
// collects what they found. Each of them ends soon after the scan is complete, or no
// longer stepped. Their panics come out of Step.
//
// Who tests many rows remembers how the last records were built. What a test has found in
// one of them holds for others that are built so and have the same values, which is known
// by comparing bytes; only values that differ are looked at.
//
// Memory: a bit for each record of a block in which any passes. A scan belongs to the
// goroutine of its store.
package query
