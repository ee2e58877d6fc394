// Package entry is the form of what stands in the proxy's logs: records and
// losses, each behind a head of fixed size.
//
// # Contract
//
// An entry says which consolidator it is of, by the number that the tail of the
// stream gave it, and its sequence number there. What place it has in the log
// follows from the entries before it, so nothing of it is written down. A record
// stands there normalised: no reader looks into it again, other than to filter.
// A loss takes as many places as records were lost; see [Entry.Numbers].
//
// Memory: what is read points into the log, and is valid as long as that is.
// Nothing is allocated for a record. The functions trust their input: only this
// package writes it.
package entry
