package record

import (
	"bytes"
)

// maxKey is the longest key of a pair, in bytes.
const maxKey = 2 * maxName

// beginsWithPair reports whether a text begins with key= .
func beginsWithPair(text []byte) bool {
	i := bytes.IndexByte(text[:min(len(text), maxKey)], '=')
	if i <= 0 || text[0] == '=' || isDigit(text[0]) {
		return false
	}
	for _, c := range text[:i] {
		if !isLetter(c) && !isDigit(c) && c != '_' && c != '.' && c != '-' && c != '@' {
			return false
		}
	}
	return true
}

// pairs reads the time and the level of pairs, key=value, whose names the table
// knows: of each the best name counts.
func (h *textHead) pairs(text []byte) {
	bestTime, bestLevel := len(table), len(table)
	if h.timed {
		bestTime = -1
	}
	level := Level(0)
	for len(text) > 0 {
		var key, value []byte
		key, value, text = nextPair(text)
		if len(key) == 0 {
			continue
		}
		p, ok := placeOf("", key)
		if !ok || p.at < 0 || len(value) == 0 {
			continue
		}
		k, at := &table[p.at], int(p.at)
		switch {
		case k.when != 0:
		case k.role == roleTime && at < bestTime:
			if sec, nsec, ok := timeOfText(value); ok {
				h.sec, h.nsec, h.timed, bestTime = sec, nsec, true, at
			}
		case k.role == roleLevel && at < bestLevel:
			if l, ok := levelOfText(value, k.numbers, 0); ok {
				level, bestLevel = l, at
			} else if level == 0 && !k.weak {
				level = Unknown
			}
		}
	}
	if h.level == 0 {
		h.level = level
	}
}

// nextPair takes a pair, or a word that is none, from the beginning of a text. A
// value in quotes is without them, and otherwise as it stands.
func nextPair(text []byte) (key, value, rest []byte) {
	i := 0
	for i < len(text) && isBlank(text[i]) {
		i++
	}
	text = text[i:]
	i = 0
	for i < len(text) && text[i] != '=' && !isBlank(text[i]) {
		i++
	}
	if i == len(text) || text[i] != '=' {
		return nil, nil, text[i:]
	}
	key, text = text[:i], text[i+1:]
	if len(text) > 0 && text[0] == '"' {
		for i = 1; i < len(text) && text[i] != '"'; i++ {
			if text[i] == '\\' {
				i++
			}
		}
		i = min(i, len(text))
		return key, text[1:max(i, 1)], text[min(i+1, len(text)):]
	}
	i = 0
	for i < len(text) && !isBlank(text[i]) {
		i++
	}
	return key, text[:i], text[i:]
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
