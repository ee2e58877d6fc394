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
// Whoever reads many objects that are built alike takes them apart by a [Shape], which
// trusts nothing: what fits is valid.
//
// What is yielded are slices of the data: keys without their quotes, values as
// they stand. Both are still escaped; [Decode], [Text] and [AppendASCII] decode
// them. Of a key that stands twice in an object both are yielded.
//
// Strings are written for readers of lines: valid UTF-8, with U+0085, U+2028 and
// U+2029 escaped besides what JSON wants: see [IsLineEnd].
//
// Memory: only Decode, Text, [Find] of an escaped key and a Shape that learns allocate.
// Functions that append never keep dst or what they append; nothing but a Shape keeps data,
// and nothing changes it. No depth can exhaust a stack. All functions may be called from any
// goroutine; a Shape belongs to one.
package jsonscan
