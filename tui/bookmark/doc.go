// Package bookmark keeps records that somebody has put a comment on, in a file, from
// one run of the client to the next, and writes them as a timeline in Markdown.
//
// # Contract
//
// A file has one bookmark a line, as JSON, at most [Max] of them. [Save] writes all of
// it: the old file or the new one is there, never a part, and only its owner may read
// it. Lines that cannot be understood are passed over by [Load], which says how many
// they were. What is in a bookmark is foreign text, which [Markdown] writes so that it
// is neither markup nor acts on a terminal.
package bookmark
