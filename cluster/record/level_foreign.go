package record

import (
	"bytes"
	"strconv"
)

// wordLevels are the words for levels that loggers write, in lower case.
var wordLevels = map[string]Level{
	"trace": Trace, "trc": Trace, "t": Trace, "verbose": Trace, "v": Trace, "finest": Trace, "finer": Trace, "silly": Trace,
	"debug": Debug, "dbg": Debug, "debg": Debug, "d": Debug, "fine": Debug, "config": Debug,
	"info": Info, "inf": Info, "i": Info, "information": Info, "informational": Info, "notice": Info, "note": Info, "n": Info, "log": Info, "http": Info, "default": Info,
	"warn": Warn, "wrn": Warn, "warning": Warn, "w": Warn,
	"error": Error, "err": Error, "eror": Error, "e": Error, "severe": Error, "failure": Error,
	"fatal": Fatal, "ftl": Fatal, "f": Fatal, "critical": Fatal, "crit": Fatal, "c": Fatal, "panic": Fatal, "dpanic": Fatal,
	"alert": Fatal, "a": Fatal, "emergency": Fatal, "emerg": Fatal, "emer": Fatal, "off": Fatal,
}

// syslog are the levels of syslog's severities.
var syslog = [8]Level{Fatal, Fatal, Fatal, Error, Warn, Info, Info, Debug}

// levelOfWord reads a level as loggers write it: the words of bunyan, syslog,
// log4j, java.util.logging, Python, Go's slog (with a difference, as in INFO+2)
// and Android, and the letters of klog, in any case.
func levelOfWord(word []byte) (Level, bool) {
	w := bytes.TrimSpace(word)
	w = bytes.TrimSuffix(w, []byte(":"))
	if len(w) == 0 || len(w) > 24 {
		return 0, false
	}
	base, rest := w, ""
	if i := bytes.IndexAny(w, "+-"); i > 0 {
		base, rest = w[:i], string(w[i:])
	}
	var buf [24]byte
	level, ok := wordLevels[string(lower(buf[:0], base))]
	if !ok {
		return 0, false
	}
	if rest != "" {
		n, err := strconv.Atoi(rest)
		if err != nil || n < -100 || n > 100 {
			return 0, false
		}
		level = min(max(level+Level(n*5/2), 1), 99)
	}
	return level, true
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

// levelAs reads the value of a field that may be a level.
func levelAs(value []byte, severity bool) (Level, bool) {
	if value == nil {
		return 0, false
	}
	if value[0] == '"' {
		var buf [24]byte
		s, ok := shortString(buf[:0], value)
		if !ok || len(s) == 0 {
			return 0, false
		}
		if s[0] < '0' || s[0] > '9' {
			return levelOfWord(s)
		}
		value = s
	}
	if c := value[0]; c < '0' || c > '9' {
		return 0, false
	}
	n, ok := integer(value)
	switch {
	case !ok:
		return 0, false
	case n < int64(len(syslog)):
		return syslog[n], true
	case n < 100:
		return Level(n), true
	case n > 800 || n%50 != 0:
		return 0, false
	case n == 100:
		return Debug, true
	case n < 300:
		return Info, true
	case severity && n < 400:
		return Info, true // Google's NOTICE
	case severity && n < 500, !severity && n < 400:
		return Warn, true
	case severity && n < 600, !severity && n < 500:
		return Error, true
	}
	return Fatal, true
}
