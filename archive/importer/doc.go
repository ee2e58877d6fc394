// Package importer puts recordings into an archive, beside what that reads from
// consolidators.
//
// # Contract
//
// Records of recordings stand in the archive as if they had come from a consolidator whose
// name is [Consolidator], each recording in an epoch of its own, which is made of what is in
// the file. So importing a recording again adds nothing, and one whose import was broken off
// goes on where it stopped. A recording that has grown, or was cut, is another one.
//
// Losses that a recording tells of are gaps in their places. Records keep their own times, by
// which they are found; retention goes by when they were imported.
//
// An import appends one batch at a time, and waits for it. What cannot be appended ends it
// with an error; what was appended before stays.
package importer
