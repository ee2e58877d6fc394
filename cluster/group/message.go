package group

import (
	"bytes"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
)

// Message is what of a record is folded: its msg, decoded; of a record without one, and
// of text, all of it. It is valid as long as data is.
func Message(data []byte) []byte {
	if len(data) == 0 || data[0] != '{' {
		return data
	}
	if v := jsonscan.Find(data, "msg"); len(v) > 2 && v[0] == '"' && bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1]
	}
	if msg := record.Parse(data).Msg; msg != "" {
		return []byte(msg)
	}
	return data
}
