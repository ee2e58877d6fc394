// Package query is the language in which people choose records: the terms of a
// filter, and their test of a raw record.
//
// # Contract
//
// [Parse] reads terms as they are typed. A [Term] compares a field of a record
// with a value, or names a text to look for. What a text is looked for in, the
// JSON or what is shown of it, the caller decides: such a term has a
// [Pattern], and [Term.Match] is for the others; [Term.MatchRaw] looks for it in the
// JSON.
//
// Records are foreign input: nothing here fails on them, or reads them further
// than it must. An error of Parse is an [*Error]: it says what to write
// instead, and has the place.
//
// A test is expensive, and most records fail it. Therefore terms and patterns
// offer as data the words that a record must have to pass: [Term.Word] and
// [Pattern.Words]. Whoever finds a word missing can leave the record out
// unread, provided that the record spells its words plainly, see [Plain].
//
// [Expression], and every expression in a term, is bounded in what it compiles to, so
// that one of a stranger may be taken. A match of it is bounded by a [Deadline], after
// which it ends within milliseconds, unless it was cheap.
//
// [Filter] is the simple filter of scripts: a level, and an expression on the raw
// JSON.
//
// Terms, patterns and filters never change; any number of goroutines may use
// them. A test allocates nothing in most records: it does where a string has to
// be decoded. Nothing here blocks, or keeps the data that it tests.
package query
