// Package record knows one log record: its bunyan fields, how it is made one
// line of valid JSON, how it is matched, and how it is shown.
//
// A record is foreign input. Nothing here fails on it, whatever it holds: what
// is not a JSON object is taken as the message of a record. Nothing that
// leaves the functions that render is able to do anything to a terminal: they
// sanitise after decoding, everything, names and values alike.
package record
