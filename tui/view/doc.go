// Package view is where somebody stands in the rows of a store that pass a filter.
//
// # Contract
//
// A [View] follows the newest record, or is anchored to the record on its top line;
// then neither arrivals nor evictions move it. What the store lets go while it is on
// the screen is kept until it leaves the screen. Where rows between two are no longer
// held, a row of kind [rows.KindSeam] stands in between and says how many. Around what passes
// a filter so many records may be shown that do not; a row of kind [rows.KindLeft] stands for
// those that are left out before a group. A paused view shows nothing that came later. Rows are counted by their place, from 0, which changes; records are known by
// their number, which does not.
//
// A [Search] finds matches in those rows, and jumps to them once they are known.
//
// [View.Step] and [Search.Step] do a frame's share of the work, and report whether
// there is more. Nothing blocks. All of it belongs to the goroutine of the store;
// [View.Close] must be called in the end.
package view
