package record

import (
	"bytes"
	"strings"
)

const (
	maxTextHead = 512      // bytes of a line of text in which time and level are looked for
	maxPairs    = 16 << 10 // likewise where it is pairs, key=value
	maxTokens   = 10       // how many words may stand before a level
	maxBracket  = 64       // bytes between brackets
)

// textHead is what a line of text says about itself.
type textHead struct {
	sec   int64
	nsec  int
	timed bool
	level Level // 0 when it says nothing
}

// millis is the time in Unix milliseconds; 0 when unknown.
func (h *textHead) millis() int64 {
	if !h.timed {
		return 0
	}
	return h.sec*1000 + int64(h.nsec/1e6)
}

// readText reads time and level of a text whose form is known: what begins with
// syslog's <3>, with a time (see stamp), with a level, or with both, as the loggers
// of most languages write them, klog's head, logcat's, what a container runtime
// puts before a line, and pairs, key=value. It looks at the first line only, and
// not far into it: a word in a message is no level.
func readText(text []byte) (h textHead) {
	line := bytes.TrimLeft(text[:min(len(text), maxTextHead)], " \t\r\n")
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	if bytes.IndexByte(line, '\x1b') >= 0 {
		line = bytes.TrimLeft(appendUncoloured(nil, line), " \t")
	}
	switch {
	case len(line) == 0:
	case beginsWithPair(line):
		h.pairs(text[:min(len(text), maxPairs)])
	case h.klog(line) || h.logcat(line):
	default:
		h.line(h.syslog(line), text)
	}
	return h
}

// syslog reads syslog's <3>, and returns what comes after it.
func (h *textHead) syslog(line []byte) []byte {
	end := bytes.IndexByte(line[:min(len(line), 5)], '>')
	if line[0] != '<' || end < 2 {
		return line
	}
	n, ok := number(line[1:end])
	if !ok || n > 191 {
		return line
	}
	h.level = syslog[n&7]
	line = line[end+1:]
	if bytes.HasPrefix(line, []byte("1 ")) { // RFC 5424
		line = line[2:]
	}
	return line
}

// klog reads I0301 12:00:00.123456, and the same with the year.
func (h *textHead) klog(line []byte) bool {
	if len(line) < 14 || !isDigit(line[1]) {
		return false
	}
	s := stamper{b: line, at: 1}
	digits := s.count()
	if strings.IndexByte("IWEFCD", line[0]) < 0 || digits != 4 && digits != 8 {
		return false
	}
	if digits == 8 {
		s.year, _ = s.digits(4)
	}
	s.mon, _ = s.digits(2)
	s.day, _ = s.digits(2)
	if !s.next(" ") || !s.clock() {
		return false
	}
	if h.sec, h.timed = s.unix(); h.timed {
		h.nsec = s.nsec
		h.level, _ = bareLevel(line[:1])
	}
	return h.timed
}

// logcat reads 03-01 12:00:00.123  1702  2395 D Tag: text, and D/Tag: text.
func (h *textHead) logcat(line []byte) bool {
	const letters = "VDIWEFA"
	if len(line) > 3 && line[1] == '/' && isLetter(line[2]) && strings.IndexByte(letters, line[0]) >= 0 && bytes.IndexByte(line, ':') > 0 {
		h.level, _ = bareLevel(line[:1])
		return true
	}
	if len(line) < 20 || line[2] != '-' || line[5] != ' ' || line[8] != ':' {
		return false
	}
	s := stamper{b: line}
	var ok1, ok2 bool
	if s.mon, ok1 = s.digits(2); ok1 && s.next("-") {
		s.day, ok2 = s.digits(2)
	}
	if !ok2 || !s.next(" ") || !s.clock() {
		return false
	}
	h.nsec = s.nsec
	if h.sec, h.timed = s.unix(); !h.timed {
		return false
	}
	for range 3 {
		for s.next(" ") {
		}
		if n := s.count(); n > 0 {
			s.at += n
		} else if s.at+1 < len(line) && line[s.at+1] == ' ' && strings.IndexByte(letters, line[s.at]) >= 0 {
			h.level, _ = bareLevel(line[s.at : s.at+1])
			break
		}
	}
	return true
}

// line reads word by word, until there is a level, or a word that belongs to the
// message.
func (h *textHead) line(line, text []byte) {
	w := wordReader{line: line}
	hosts := 0 // words that may stand for a machine
	if h.level != 0 {
		hosts = 1
	}
	for range maxTokens {
		w.skip()
		if w.at == len(line) || h.timed && h.level != 0 {
			return
		}
		rest := line[w.at:]
		if !h.timed && (isDigit(rest[0]) || isLetter(rest[0])) {
			if sec, nsec, n, ok := stamp(rest); ok {
				h.sec, h.nsec, h.timed = sec, nsec, true
				if isLetter(rest[0]) {
					hosts = 1
				}
				w.at += n
				if inner, ok := criLine(line[w.at:]); ok {
					h.inner(inner)
					return
				}
				continue
			}
		}
		if rest[0] == '[' && w.bracket(h) {
			continue
		}
		word, kind := w.word()
		switch level, ok := word.level(); {
		case ok:
			if h.level == 0 {
				h.level = level
			}
			return
		case kind == wordPair:
			if h.level == 0 {
				h.pairs(line[word.at:])
			}
			return
		case kind == wordPlain && hosts == 0:
			return
		case kind == wordPlain:
			hosts--
		case kind == wordMessage:
			return
		}
	}
}

// inner reads the level of what a container printed.
func (h *textHead) inner(text []byte) {
	if h.level == 0 {
		h.level = PeekLevel(text)
	}
}

// criLine returns what a container printed, of a line of a container runtime behind
// its time: " stderr F text".
func criLine(rest []byte) ([]byte, bool) {
	for _, stream := range [...]string{" stdout ", " stderr "} {
		if after, ok := bytes.CutPrefix(rest, []byte(stream)); ok && len(after) > 2 && (after[0] == 'F' || after[0] == 'P') && after[1] == ' ' {
			return after[2:], true
		}
	}
	return nil, false
}
