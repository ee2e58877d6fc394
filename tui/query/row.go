package query

import (
	"sluice/tui/find"
	"sluice/tui/rows"
)

// Row is a record as it is held, with the names that its entry points at.
type Row struct {
	Entry *rows.Entry
	Data  []byte
	Names *rows.Names
	has   *find.Finder // whose word is known to be in data; nil: none

	scratch []byte // for tests of this row and the next ones, by one goroutine
}

func (r *Row) source() string { return r.Names.Sources[r.Entry.Source] }

func (r *Row) stream() string { return r.Names.Streams[r.Entry.Stream] }

// trusted reports whether a word of the row must be in the record's data.
func (r *Row) trusted() bool { return r.Entry.Plain }
