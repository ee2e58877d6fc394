// Package groups folds the records that a pane shows into templates, while somebody
// looks at them.
//
// # Contract
//
// [Groups] are of the records of a store that pass a filter: first the newest ones, then
// back to the oldest, then what comes. Nothing is read unless the owner of the store
// calls [Groups.Step]; that starts goroutines, on all cores, and itself takes
// microseconds. What they have found so far is [Groups.List], a list that never changes;
// whenever there is a newer one, the store's owner is woken.
//
// What the store lets go is dropped from the counts, a slice of at most 4,096 records at
// a time: so counts are of what is kept, and of fewer records more than that.
// [List.Gone] says how many were dropped.
//
// [Groups.Close] ends all of it. The goroutines end soon after that, and without Step.
// Their panics come out of Step.
//
// Memory: that of a [sluice/cluster/group] Window, a Counter for each core, and 64 blocks
// of counts that wait to be folded.
package groups
