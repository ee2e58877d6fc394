// Package group folds similar messages into templates: text in which what differs
// from message to message is a hole. "Accepted password for ann from 10.0.0.1" and the
// same for bob are the template "Accepted password for user <*> from <*>".
//
// # How
//
// A message is cut into words and punctuation. What is a value by its looks becomes a
// hole at once: whatever has a digit in it, paths and URLs, dates, and the unit behind a
// number. What is left is the shape of the message; most messages have one that was
// seen before, and cost no more than to find it.
//
// Shapes of one length are folded by how many of them have each word in its place, as
// Brain does it (Yu et al., Brain: Log Parsing with Bidirectional Parallel Tree, IEEE
// TSC 2023): of each shape, the words that are equally frequent, most of them together,
// are its pattern; shapes of one pattern are a group, and where they differ, a place is
// a hole if it has many words, or commoner ones than the pattern; else it divides the
// group. Shapes count, not messages: so the templates depend on which messages there
// were, neither on their order nor on how often each came.
//
// # Contract
//
// Groups is for one goroutine. [Groups.Add] keeps nothing of the message that it is
// given, and allocates only for a new shape. [Groups.Templates] folds what has changed
// since it was called last.
//
// Memory: at most [MaxShapes] shapes. When there are more, those of each group that
// differ are replaced by their template, and messages that fit it are counted there.
// What fits nowhere when even that leaves no room is counted by one template, "<*>",
// with [Template.Rest].
package group
