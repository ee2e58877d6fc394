package group

import (
	"bytes"
	"errors"
	"sync"
)

// Matcher is a template as a test of messages. Any number of goroutines may use it.
type Matcher struct {
	tokens []token // of its own text
}

// cutters are cutters that nobody uses at the moment.
var cutters = sync.Pool{New: func() any { return new(cutter) }}

// ParseMatcher reads a template: the text of [Template.Text], or a message, whose values
// are holes for values.
func ParseMatcher(text string) (*Matcher, error) {
	if len(text) > maxMessage {
		return nil, errors.New("a template has 4,096 bytes at most: write the beginning, and " + Hole + " for the rest")
	}
	if bytes.IndexByte([]byte(text), '\n') >= 0 {
		return nil, errors.New("a template is one line, the first of the message")
	}
	c := cutter{template: true}
	tokens := c.cut([]byte(text))
	if len(tokens) == 0 {
		return nil, errors.New("a template has words, or " + Hole)
	}
	return &Matcher{tokens: tokens}, nil
}

// Match reports whether a message is one of those that the template stands for: it has
// its words in their places, and whatever it likes where the template has a hole. Of a
// message in several lines the first one counts, as for [Groups.Add].
func (p *Matcher) Match(message []byte) bool {
	c := cutters.Get().(*cutter)
	defer cutters.Put(c)
	tokens := c.cut(head(message))
	if len(tokens) != len(p.tokens) {
		return false
	}
	for i := range tokens {
		t, q := &tokens[i], &p.tokens[i]
		if q.kind != anything && (t.kind != q.kind || t.kind != hole && !bytes.Equal(t.text, q.text)) {
			return false
		}
	}
	return true
}

// Words are the words that every message of the template has.
func (p *Matcher) Words() (list []string) {
	for i := range p.tokens {
		if t := &p.tokens[i]; t.kind == word {
			list = append(list, string(t.text))
		}
	}
	return list
}
