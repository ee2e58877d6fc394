package find

import (
	"encoding/binary"
	"math/bits"
)

// Finder finds a word in bytes, eight at a time: at each place it looks at the
// two bytes of the word that are rarest in logs, and compares the rest only
// where both are there. The zero finder finds nothing and is not set.
type Finder struct {
	word []byte // in lower case, when fold
	fold bool   // the case of ASCII letters is ignored

	i, j   int    // places in the word of the two bytes, i <= j
	ci, cj uint64 // the bytes, eight times
	mi, mj uint64 // what is set in the data before it is compared: the bit of lower case
}

// New finds a word; with fold, in any case of its ASCII letters.
func New(word string, fold bool) Finder {
	f := Finder{word: []byte(word), fold: fold}
	if word == "" {
		return f
	}
	if fold {
		for k, c := range f.word {
			f.word[k] = lower(c)
		}
	}
	f.i, f.j = -1, -1
	for k := range f.word {
		switch {
		case f.i < 0 || rarer(f.word[k], f.word[f.i]):
			f.i, f.j = k, f.i
		case f.j < 0 || rarer(f.word[k], f.word[f.j]):
			f.j = k
		}
	}
	if f.j < 0 {
		f.j = f.i
	}
	f.i, f.j = min(f.i, f.j), max(f.i, f.j)
	f.ci, f.cj = ones*uint64(f.word[f.i]), ones*uint64(f.word[f.j])
	if fold && isLetter(f.word[f.i]) {
		f.mi = ones * 0x20
	}
	if fold && isLetter(f.word[f.j]) {
		f.mj = ones * 0x20
	}
	return f
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// common is what records are made of, the most frequent first.
const common = `"e0:,ta1sonir2ld3c4m-567p89u.vhgTyfZ_bw/{}k `

// rarer reports whether byte a is rarer than b in records.
func rarer(a, b byte) bool { return frequency[a] < frequency[b] }

var frequency = func() (f [256]int) {
	for i := range len(common) {
		f[common[i]] = len(common) - i
	}
	return f
}()

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// IsSet reports whether there is a word to find.
func (f *Finder) IsSet() bool { return len(f.word) > 0 }

// Len is how many bytes the word has.
func (f *Finder) Len() int { return len(f.word) }

// Same reports whether another one finds the same.
func (f *Finder) Same(other *Finder) bool {
	return other != nil && f.fold == other.fold && string(f.word) == string(other.word)
}

// In reports whether the word is in data.
func (f *Finder) In(data []byte) bool { return f.Index(data) >= 0 }

// Index is the first place of the word in data, or -1.
func (f *Finder) Index(data []byte) int {
	n := len(data) - len(f.word) // the last place where it can begin
	if len(f.word) == 0 || n < 0 {
		return -1
	}
	at := 0
	// The eight places from at on are looked at in one go, while both loads
	// stay within the data.
	for end := len(data) - f.j - 8; at <= end; at += 8 {
		x := (binary.LittleEndian.Uint64(data[at+f.i:]) | f.mi) ^ f.ci
		y := (binary.LittleEndian.Uint64(data[at+f.j:]) | f.mj) ^ f.cj
		z := x | y
		// A bit for each zero byte, and perhaps for some above one.
		for m := (z - ones) &^ z & highs; m != 0; m &= m - 1 {
			if k := at + bits.TrailingZeros64(m)/8; k <= n && f.at(data[k:]) {
				return k
			}
		}
	}
	for ; at <= n; at++ {
		if f.at(data[at:]) {
			return at
		}
	}
	return -1
}

// Begins reports whether data begins with the word.
func (f *Finder) Begins(data []byte) bool {
	return len(f.word) > 0 && len(data) >= len(f.word) && f.at(data)
}

// at reports whether data, which is long enough, begins with the word.
func (f *Finder) at(data []byte) bool {
	data = data[:len(f.word)]
	if !f.fold {
		return string(data) == string(f.word)
	}
	for k, c := range data {
		if lower(c) != f.word[k] {
			return false
		}
	}
	return true
}
