// Package jsonscan reads and writes JSON in place: the one scanner, validator and
// quoter of JSON in Sluice, for those who look at each record.
//
// # Contract
//
// JSON is what encoding/json accepts, nested at most 10,000 deep. Like
// encoding/json, the validator does not look at UTF-8.
//
// Scanning is exact on valid JSON and trusts it. On anything else it ends early
// or yields what stood before the fault; it never reads past the data, and never
// fails. Whoever has to know asks the validator, or both at once: a [Checker].
//
// What is yielded are slices of the data: keys without their quotes, values as
// they stand. Both are still escaped; [Decode], [Text] and [AppendASCII] decode
// them. Of a key that stands twice in an object both are yielded.
//
// Strings are written for readers of lines: valid UTF-8, with U+0085, U+2028 and
// U+2029 escaped besides what JSON wants: see [IsLineEnd].
//
// Memory: only Decode, Text and [Find] of an escaped key allocate. Functions that
// append never keep dst or what they append; nothing keeps or changes data. No
// depth can exhaust a stack. All functions may be called from any goroutine.
package jsonscan
