package record

import (
	"bytes"

	"sluice/cluster/jsonscan"
)

// maxName is the longest folded name, in bytes.
const maxName = 32

// place is where a folded name leads.
type place struct {
	name   string
	at     int8 // in the table; -1 nowhere
	parent bool // an object under it has fields of the table
}

// places are the places of the folded names, by their hash or after it, where no
// other is. A map would cost each record of another logger more than its scan.
var places [512]place

func init() {
	for i := range table {
		name := string(appendFolded(nil, []byte(table[i].name)))
		for j := range name {
			if name[j] == '.' {
				placeFor(name[:j]).parent = true
			}
		}
		placeFor(name).at = int8(i)
	}
}

// placeFor is the place of a name, which is made if it is not there.
func placeFor(name string) *place {
	hash := uint32(0)
	for _, c := range []byte(name) {
		hash = hashed(hash, c)
	}
	i := slot(hash)
	for places[i].name != "" && places[i].name != name {
		i = (i + 1) % uint32(len(places))
	}
	if places[i].name == "" {
		places[i] = place{name: name, at: -1}
	}
	return &places[i]
}

func hashed(hash uint32, c byte) uint32 { return (hash ^ uint32(c)) * 16777619 }
func slot(hash uint32) uint32           { return (hash>>16 ^ hash) % uint32(len(places)) }

// folded is a byte of a key in a folded name: in lower case. It reports false for
// underscores and hyphens, which do not count.
func folded(c byte) (byte, bool) {
	switch {
	case c == '_' || c == '-':
		return 0, false
	case 'A' <= c && c <= 'Z':
		return c + 'a' - 'A', true
	}
	return c, true
}

// appendFolded appends a key as a folded name.
func appendFolded(dst, key []byte) []byte {
	for _, c := range key {
		if c, counts := folded(c); counts {
			dst = append(dst, c)
		}
	}
	return dst
}

// placeOf looks up a key, still escaped, within the object that a folded name with
// a dot at its end stands for; "" is the record.
func placeOf(parent string, key []byte) (p place, ok bool) {
	if len(parent)+len(key) > 2*maxName {
		return p, false
	}
	if bytes.IndexByte(key, '\\') >= 0 {
		return escapedPlace(parent, key)
	}
	return plainPlace(parent, key)
}

// escapedPlace is placeOf for a key in which something is escaped.
func escapedPlace(parent string, key []byte) (p place, ok bool) {
	var plain [2 * maxName]byte
	decoded, ok := jsonscan.AppendASCII(plain[:0], key)
	if !ok {
		return p, false
	}
	return plainPlace(parent, decoded)
}

// plainPlace is placeOf for a key in which nothing is escaped.
func plainPlace(parent string, key []byte) (p place, ok bool) {
	var name [maxName]byte
	n, hash := 0, uint32(0)
	for _, c := range []byte(parent) {
		name[n] = c
		hash = hashed(hash, c)
		n++
	}
	for _, c := range key {
		c, counts := folded(c)
		if !counts {
			continue
		}
		if n == maxName {
			return p, false
		}
		name[n] = c
		hash = hashed(hash, c)
		n++
	}
	for i := slot(hash); places[i].name != ""; i = (i + 1) % uint32(len(places)) {
		if places[i].name != string(name[:n]) {
			continue
		}
		p = places[i]
		if p.at >= 0 && table[p.at].exact && table[p.at].name != string(key) {
			p.at = -1 // another name, that differs from it by its case only
		}
		return p, true
	}
	return p, false
}
