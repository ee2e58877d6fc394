package recorder

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	placeholder = "{stream}"
	partEnding  = ".part"
	maxPart     = 180 // bytes that a stream's name may take in a file's name; with the rest it fits into 255
)

// Time stamps in the names of rotated files, in UTC. Within one recording all
// have the same form, so that their order is the order of the names.
const (
	stampSeconds = "20060102T150405Z"
	stampMillis  = "20060102T150405.000Z"
)

// braces match what may be mistaken for the placeholder.
var braces = regexp.MustCompile(`\{[A-Za-z]+\}`)

// naming makes the names of a recording's files of Config.Out.
type naming struct {
	dir     string
	base    string // up to the ending
	ending  string // the last ending, with the one before it if it names the compression
	perName bool   // there is a placeholder: each stream has files of its own
	dirs    bool   // it stands in the directory
	stamp   string // layout of the time stamp; "" when there is none
	unit    time.Duration
}

func newNaming(out string, packed string, rotates, bySize bool) (naming, error) {
	n := naming{perName: strings.Contains(out, placeholder)}
	n.dir, n.base = filepath.Split(out)
	if n.base == "" || n.base == "." || n.base == ".." {
		return n, fmt.Errorf("name %q has no file in it: name one, such as %q", out, filepath.Join(out, "recording.ndjson"))
	}
	if word := braces.FindString(strings.ReplaceAll(out, placeholder, "")); word != "" {
		return n, fmt.Errorf("name %q: nothing stands for %s: write %s for the name of the stream", out, word, placeholder)
	}
	if strings.HasSuffix(n.base, partEnding) {
		return n, fmt.Errorf("name %q ends as unfinished files do: leave %q out", out, partEnding)
	}
	n.dirs = strings.Contains(n.dir, placeholder)
	n.base = strings.TrimSuffix(n.base, packed)
	// A leading dot makes a hidden file, no ending.
	if dot := strings.LastIndexByte(n.base, '.'); dot > 0 && !strings.Contains(n.base[dot:], placeholder) {
		n.base, n.ending = n.base[:dot], n.base[dot:]
	}
	n.ending += packed
	if strings.Contains(n.base, placeholder) && n.ending == "" {
		// Or the file of a stream could be called as another's unfinished one.
		return n, fmt.Errorf("name %q has no ending: give it one, such as %q", out, out+".ndjson")
	}
	if rotates {
		n.stamp, n.unit = stampSeconds, time.Second
		if bySize {
			n.stamp, n.unit = stampMillis, time.Millisecond
		}
	}
	return n, nil
}

// series is what the names of one file after the other have in common.
type series struct {
	naming *naming
	dir    string
	base   string
}

// of returns the series of a stream.
func (n *naming) of(stream string) series {
	s := series{naming: n, dir: n.dir, base: n.base}
	if n.perName {
		part := filePart(stream)
		s.dir = strings.ReplaceAll(s.dir, placeholder, part)
		s.base = strings.ReplaceAll(s.base, placeholder, part)
	}
	return s
}

// directory is where the files are.
func (s series) directory() string {
	if s.dir == "" {
		return "."
	}
	return s.dir
}

// path is the name of the file that begins at a time, in full.
func (s series) path(begins time.Time) string {
	if s.naming.stamp == "" {
		return s.dir + s.base + s.naming.ending
	}
	return s.dir + s.base + "-" + begins.UTC().Format(s.naming.stamp) + s.naming.ending
}

// begins reports when the file of a name began, if it is one of the series.
func (s series) begins(name string) (t time.Time, ok bool) {
	name = strings.TrimSuffix(name, partEnding)
	rest, prefixed := strings.CutPrefix(name, s.base+"-")
	stamp, ended := strings.CutSuffix(rest, s.naming.ending)
	if !prefixed || !ended {
		return t, false
	}
	for _, layout := range []string{stampSeconds, stampMillis} {
		if t, err := time.Parse(layout, stamp); err == nil && t.Format(layout) == stamp {
			return t, true
		}
	}
	return t, false
}

// old returns the names of the series' files among names that are to go, so
// that the newest ones stay, up to the one that was just finished. What is newer
// is being written.
func (s series) old(names []string, finished time.Time, keep int) []string {
	type one struct {
		name string
		at   time.Time
	}
	var all []one
	for _, name := range names {
		if at, ok := s.begins(name); ok && !at.After(finished) {
			all = append(all, one{name, at})
		}
	}
	if len(all) <= keep {
		return nil
	}
	slices.SortFunc(all, func(a, b one) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	var old []string
	for _, o := range all[:len(all)-keep] {
		old = append(old, o.name)
	}
	return old
}

// filePart makes of a stream's name a part of a file's name: a slash becomes
// "+", and what could mean something to a file system, a shell or a terminal
// stands as its bytes, "%2B". No two names become the same part.
func filePart(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case r == '/':
			b.WriteByte('+')
		case r == '.' && i > 0, r == '_', r == '-' && i > 0, r == '@', r == ',', r == '=',
			unicode.IsLetter(r) && r != utf8.RuneError, unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
	}
	part := b.String()
	if len(part) <= maxPart {
		return part
	}
	sum := sha256.Sum256([]byte(name))
	tail := "%%" + hex.EncodeToString(sum[:8]) // two "%" in a row come of nothing else
	cut := maxPart - len(tail)
	for !utf8.RuneStart(part[cut]) {
		cut--
	}
	return part[:cut] + tail
}
