package record

import (
	"bytes"
)

// wordReader reads the words at the beginning of a line of text.
type wordReader struct {
	line []byte
	at   int
	tab  bool // a tab, a bar or a hyphen stands before what comes next
}

// textWord is a word of a line of text.
type textWord struct {
	text   []byte
	at     int
	before bool // something separates it from what comes before
	after  bool // and from what comes after it
	colon  bool
	wide   bool // two blanks follow
}

// wordKind is what a word may be that is no level.
type wordKind uint8

const (
	wordPlain   wordKind = iota // a name, or the beginning of the message
	wordHead                    // what stands before a level: a number, a path, a name with dots
	wordPair                    // key=value
	wordMessage                 // the message
)

// skip passes over blanks, bars and hyphens that stand alone.
func (w *wordReader) skip() {
	w.tab = w.at == 0
	for w.at < len(w.line) {
		switch c := w.line[w.at]; {
		case c == '\t' || c == '|':
			w.tab = true
		case (c == '-' || c == '*') && (w.at+1 == len(w.line) || w.line[w.at+1] == ' '):
			w.tab = true
		case c == ' ' || c == ',' || c == ':':
		default:
			return
		}
		w.at++
	}
}

// bracket reads what stands in brackets, if the closing one is not far: a time, a
// level, also behind the name of a module, or both; behind a time the level may have
// the name of a process behind it, as in Celery's "[2026-03-01 12:00:00,123: ERROR/MainProcess]".
func (w *wordReader) bracket(h *textHead) bool {
	rest := w.line[w.at+1:]
	end := bytes.IndexByte(rest[:min(len(rest), maxBracket)], ']')
	if end < 0 {
		return false
	}
	w.at += end + 2
	inside := bytes.Trim(rest[:end], " ")
	if !h.timed && len(inside) > 0 {
		if sec, nsec, n, ok := stamp(inside); ok {
			h.sec, h.nsec, h.timed = sec, nsec, true
			inside = bytes.TrimLeft(inside[n:], " ")
			inside, _, _ = bytes.Cut(inside, []byte("/"))
		}
	}
	if h.level != 0 {
		return true
	}
	if i := bytes.LastIndexAny(inside, " :"); i >= 0 {
		inside = inside[i+1:]
	}
	if level, ok := textLevel(inside); ok {
		h.level = level
	}
	return true
}

// word reads a word.
func (w *wordReader) word() (word textWord, kind wordKind) {
	begin := w.at
	for w.at < len(w.line) && !isEnd(w.line[w.at]) {
		w.at++
	}
	if w.at == begin { // a bracket that is not closed
		w.at++
		return textWord{at: begin}, wordMessage
	}
	text := w.line[begin:w.at]
	rest := w.line[w.at:]
	word = textWord{text: text, at: begin, before: w.tab}
	word.wide = bytes.HasPrefix(rest, []byte("  "))
	word.after = len(rest) == 0 || rest[0] == '\t' || rest[0] == '[' || rest[0] == '|' ||
		bytes.HasPrefix(rest, []byte(" - ")) || bytes.HasPrefix(rest, []byte(" | ")) || bytes.HasPrefix(rest, []byte(" ["))
	if i := bytes.IndexByte(text, ':'); i > 0 && !bytes.HasPrefix(text[i:], []byte("://")) {
		word.text, word.colon = text[:i], true
	} else if n := len(text) - 1; text[n] == ',' {
		word.text, word.wide = text[:n], true
	}
	return word, kindOf(text, word.after)
}

func isEnd(c byte) bool { return c == ' ' || c == '\t' || c == '[' || c == ']' || c == '|' }

// kindOf is what a word may be that is no level.
func kindOf(text []byte, separated bool) wordKind {
	if text[0] == '"' || text[0] == '{' || text[0] == '\'' {
		return wordMessage
	}
	if beginsWithPair(text) {
		return wordPair
	}
	if separated || len(text) == 1 {
		return wordHead
	}
	for _, c := range text {
		if !isLetter(c) && c != '-' && c != '_' {
			return wordHead
		}
	}
	return wordPlain
}

// level is the level that a word is: in capitals, or clearly set apart from what
// comes before and after it.
func (w *textWord) level() (Level, bool) {
	capital := len(w.text) > 0 && 'A' <= w.text[0] && w.text[0] <= 'Z'
	if !w.colon && !(w.before && w.after && w.at > 0) && !(capital && (w.wide || capitals(w.text))) {
		return 0, false
	}
	level, ok := textLevel(w.text)
	if !ok {
		if i := bytes.LastIndexByte(w.text, '.'); w.colon && i > 0 && capitals(w.text[i:]) {
			return textLevel(w.text[i+1:]) // Monolog's app.ERROR:
		}
		return 0, false
	}
	return level, true
}

// textLevel reads a word as a level, if it is one that is hardly anything else.
func textLevel(word []byte) (Level, bool) {
	if len(word) < 3 || len(word) > 13 || !isLetter(word[0]) {
		return 0, false
	}
	switch string(word) {
	case "INFO":
		return Info, true
	case "WARN", "WARNING":
		return Warn, true
	case "ERROR":
		return Error, true
	case "DEBUG":
		return Debug, true
	case "config", "log", "http", "default", "success", "audit", "exception", "off", "fine", "OFF", "HTTP", "DEFAULT",
		"Config", "Log", "Http", "Default", "Success", "Audit", "Exception", "Off", "Fine":
		return 0, false
	}
	return bareLevel(word)
}

// capitals reports whether there are no small letters.
func capitals(word []byte) bool {
	for _, c := range word {
		if 'a' <= c && c <= 'z' {
			return false
		}
	}
	return true
}
