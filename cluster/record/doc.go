// Package record knows one log record: its bunyan fields, how it is made one
// line of valid JSON, how it is matched, and how it is shown.
//
// # Contract
//
// A record is foreign input. Nothing here fails on it, whatever it holds: what
// is not a JSON object is taken as the message of a record. Nothing that
// leaves the functions that render is able to do anything to a terminal: they
// sanitise after decoding, everything, names and values alike. The one
// exception is asked for: raw records for what is no terminal ([Style]) are byte
// for byte.
//
// JSON is what encoding/json accepts, nested at most 10,000 deep. Keys are
// compared as decoded and with their case; of a key that stands twice in an
// object the last value counts, at the place of the first.
//
// Memory: every function works in time proportional to its input, and what it
// appends is bounded by a constant factor of it. Functions that append never
// keep dst or data, and never change data; a [Record] keeps slices of the data
// it was parsed from.
//
// All functions may be called from any goroutine.
package record
