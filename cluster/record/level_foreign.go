package record

import (
	"bytes"
	"strconv"

	"sluice/cluster/jsonscan"
)

// words are the words for levels, in lower case.
var words = []struct {
	level Level
	words []string
}{
	{Trace, []string{"trace", "trc", "trce", "t", "verbose", "vrb", "v", "finest", "finer", "silly"}},
	{Debug, []string{"debug", "dbg", "debg", "dbug", "d", "fine", "config"}},
	{Info, []string{"info", "inf", "i", "information", "informational", "notice", "note", "n", "log", "http", "default", "success", "audit"}},
	{Warn, []string{"warn", "wrn", "warning", "w"}},
	{Error, []string{"error", "err", "eror", "e", "severe", "fail", "failure", "exception"}},
	{Fatal, []string{
		"fatal", "ftl", "f", "critical", "crit", "c", "panic", "dpanic", "alert", "a", "emergency", "emerg", "emer", "fault", "off",
	}},
}

// wordLevels are the levels by their words.
var wordLevels = func() map[string]Level {
	all := make(map[string]Level)
	for _, w := range words {
		for _, word := range w.words {
			all[word] = w.level
		}
	}
	return all
}()

// syslog are the levels of syslog's severities.
var syslog = [8]Level{Fatal, Fatal, Fatal, Error, Warn, Info, Info, Debug}

// maxWord is how long a word for a level is at most, with what may stand after it,
// and maxLevelText with colours and blanks around it.
const (
	maxWord      = 24
	maxLevelText = 96
)

// levelOfWord reads a level as loggers write it, in any case, with colours, blanks,
// brackets or a colon around it: one of the words, or one with a difference as
// Go's slog writes it (INFO+2), or a grade as PostgreSQL, MongoDB and OpenTelemetry
// do (DEBUG1, D2, ERROR3).
func levelOfWord(word []byte) (Level, bool) {
	if level, ok := bareLevel(word); ok {
		return level, true
	}
	var buf [maxLevelText]byte
	if bytes.IndexByte(word, '\x1b') >= 0 {
		if len(word) > len(buf) {
			return 0, false
		}
		word = appendUncoloured(buf[:0], word)
	}
	return bareLevel(bytes.Trim(word, " \t[]<>():"))
}

// bareLevel is levelOfWord for a word with nothing around it.
func bareLevel(w []byte) (Level, bool) {
	if len(w) == 0 || len(w) > maxWord {
		return 0, false
	}
	var buf [maxWord]byte
	w = lower(buf[:0], w)
	if level, ok := wordLevels[string(w)]; ok {
		return level, true
	}
	if i := bytes.IndexAny(w, "+-"); i > 0 {
		level, ok := wordLevels[string(w[:i])]
		n, err := strconv.Atoi(string(w[i:]))
		if !ok || err != nil || n < -100 || n > 100 {
			return 0, false
		}
		return min(max(level+Level(n*5/2), 1), 99), true
	}
	if c := w[len(w)-1]; '1' <= c && c <= '5' {
		level := wordLevels[string(w[:len(w)-1])]
		switch string(w[:len(w)-1]) {
		case "info", "warn", "error", "fatal":
			if '2' <= c && c <= '4' {
				return level, true
			}
		default:
			if level == Debug || level == Trace {
				return level, true
			}
		}
	}
	if n, ok := number(bytes.TrimPrefix(w, []byte("lvl"))); ok && len(w) > 3 && w[0] == 'l' && 0 < n && n < 100 {
		return Level(n), true
	}
	return 0, false
}

// appendUncoloured appends a text without the escape sequences that colour it.
func appendUncoloured(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] != '\x1b' {
			dst = append(dst, text[i])
			continue
		}
		if i++; i < len(text) && text[i] == '[' {
			for i++; i < len(text) && (text[i] < 0x40 || text[i] > 0x7e); i++ {
			}
		}
	}
	return dst
}

func lower(dst, s []byte) []byte {
	for _, c := range s {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// levelAs reads the value of a field as a level: a word, a number or a text that is
// one; log4js and loguru write an object that holds a word.
func levelAs(value []byte, kind numbers, f form) (Level, bool) {
	switch value[0] {
	case '"':
		var buf [maxLevelText]byte
		s, ok := shortString(buf[:0], value)
		if !ok {
			return 0, false
		}
		return levelOfText(s, kind, f)
	case '{':
		for _, key := range [...]string{"levelStr", "name"} {
			if s := jsonscan.Find(value, key); isString(s) {
				return levelAs(s, kind, f)
			}
		}
		return 0, false
	}
	if n, ok := integer(value); ok {
		return levelOfNumber(n, kind, f)
	}
	return 0, false
}

// levelOfText reads a word, or the digits of a number, as a level.
func levelOfText(s []byte, kind numbers, f form) (Level, bool) {
	if n, ok := number(s); ok && 0 < len(s) && len(s) < 10 {
		return levelOfNumber(int64(n), kind, f)
	}
	return levelOfWord(s)
}

// levelOfNumber reads a number as a level.
func levelOfNumber(n int64, kind numbers, f form) (Level, bool) {
	switch {
	case n < 0 || n > MaxLevel:
		return 0, false
	case kind == numbersOTel:
		if n < 1 || n > 24 {
			return 0, false
		}
		return Level((n-1)/4*10 + 10), true
	case kind == numbersPython:
		if n < 10 || n > 50 {
			return 0, false
		}
		return Level(n + 10), true
	case n > 0 && f&formBunyan != 0 && kind == numbersUsual:
		return Level(n), true
	case n < int64(len(syslog)) && (kind != numbersUsual || f&formSyslog != 0):
		return syslog[n], true
	case n < 10 || kind == numbersSyslog:
		return 0, false
	case n < 100:
		return Level(n), true
	case kind == numbersGoogle:
		return levelOfHundreds(n, googleHundreds)
	}
	return levelOfHundreds(n, hundreds)
}

// hundred is the level of numbers of a hundred and above.
type hundred struct {
	from, to int64
	level    Level
}

var (
	hundreds = []hundred{
		{100, 100, Debug},
		{200, 250, Info},
		{300, 300, Warn},
		{400, 400, Error},
		{500, 600, Fatal}, // up to here Monolog's
		{700, 700, Debug},
		{800, 800, Info},
		{900, 900, Warn},
		{1000, 1000, Error}, // up to here java.util.logging's
		{5000, 5000, Trace},
		{10000, 10000, Debug},
		{20000, 20000, Info},
		{30000, 30000, Warn},
		{40000, 40000, Error},
		{50000, 50000, Fatal}, // up to here log4j's
	}
	googleHundreds = []hundred{{100, 100, Debug}, {200, 300, Info}, {400, 400, Warn}, {500, 500, Error}, {600, 800, Fatal}}
)

func levelOfHundreds(n int64, all []hundred) (Level, bool) {
	for _, h := range all {
		if h.from <= n && n <= h.to && n%50 == 0 {
			return h.level, true
		}
	}
	return 0, false
}
