package record

import (
	"bytes"

	"sluice/cluster/jsonscan"
)

// maxName is the longest folded name, in bytes.
const maxName = 32

// place is where a folded name leads.
type place struct {
	at     int8 // in the table; -1 nowhere
	parent bool // an object under it has fields of the table
}

var (
	places = make(map[string]place)
	// starts are, for each length of a folded name, the letters it may begin with:
	// most keys are no names, and need not be looked up.
	starts [maxName + 1]uint32
)

func init() {
	for i := range table {
		name := string(appendFolded(nil, []byte(table[i].name)))
		for j := range name {
			if name[j] == '.' {
				note(name[:j], func(p *place) { p.parent = true })
			}
		}
		note(name, func(p *place) { p.at = int8(i) })
	}
}

func note(name string, set func(*place)) {
	p, ok := places[name]
	if !ok {
		p.at = -1
	}
	set(&p)
	places[name] = p
	starts[len(name)] |= letter(name[0])
}

// letter is a bit for the first byte of a folded name; 0 when none begins so.
func letter(c byte) uint32 {
	switch {
	case '`' < c && c <= 'z':
		return 1 << (c - 'a')
	case c == '@':
		return 1 << 26
	}
	return 0
}

// appendFolded appends a key in lower case and without underscores and hyphens.
func appendFolded(dst, key []byte) []byte {
	for _, c := range key {
		switch {
		case c == '_' || c == '-':
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// placeOf looks up a key, still escaped, within the object that a folded name with
// a dot at its end stands for; "" is the record.
func placeOf(parent string, key []byte) (place, bool) {
	if len(parent)+len(key) > 2*maxName {
		return place{}, false
	}
	if bytes.IndexByte(key, '\\') >= 0 {
		return escapedPlace(parent, key)
	}
	return plainPlace(parent, key)
}

// escapedPlace is placeOf for a key in which something is escaped.
func escapedPlace(parent string, key []byte) (place, bool) {
	var plain [2 * maxName]byte
	decoded, ok := jsonscan.AppendASCII(plain[:0], key)
	if !ok {
		return place{}, false
	}
	return plainPlace(parent, decoded)
}

// plainPlace is placeOf for a key in which nothing is escaped.
func plainPlace(parent string, key []byte) (place, bool) {
	var buf [maxName]byte
	n := copy(buf[:], parent)
	for _, c := range key {
		switch {
		case c == '_' || c == '-':
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		if n == maxName {
			return place{}, false
		}
		buf[n] = c
		n++
	}
	if n == 0 || starts[n]&letter(buf[0]) == 0 {
		return place{}, false
	}
	p, ok := places[string(buf[:n])]
	if ok && p.at >= 0 && table[p.at].exact && table[p.at].name != string(key) {
		p.at = -1 // another name, that differs from it by its case only
	}
	return p, ok
}
