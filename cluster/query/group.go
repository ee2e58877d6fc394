package query

import "strings"

// ends reports whether a byte ends a term that stands before it.
func ends(c byte) bool { return isBlank(c) || c == ')' || c == '|' }

// skip passes over blanks.
func (p *parser) skip() {
	for p.at < len(p.text) && isBlank(p.text[p.at]) {
		p.at++
	}
}

// word passes over a word of the language, if it is next: in small letters, or in
// capitals, and by itself.
func (p *parser) word(word string) bool {
	rest := p.text[p.at:]
	if len(rest) < len(word) || rest[:len(word)] != word && rest[:len(word)] != strings.ToUpper(word) {
		return false
	}
	if len(rest) > len(word) && !ends(rest[len(word)]) && rest[len(word)] != '(' {
		return false
	}
	p.at += len(word)
	return true
}

// alternatives reads what stands between the ends of a text or a group: terms, of which
// those that | divides are alternatives.
func (p *parser) alternatives() (either [][]Term, err error) {
	for {
		all, err := p.all()
		if err != nil {
			return nil, err
		}
		either = append(either, all)
		begin := p.at
		if p.at < len(p.text) && p.text[p.at] == '|' {
			p.at++
			if p.at < len(p.text) && p.text[p.at] == '|' {
				return nil, p.fail(begin, "write one |, or the word or")
			}
		} else if !p.word("or") {
			return either, nil
		}
		p.skip()
	}
}

// all reads terms up to a |, the word or, a ) or the end: one at least.
func (p *parser) all() (all []Term, err error) {
	for {
		begin := p.at
		switch {
		case p.at == len(p.text) && p.depth > 0:
			return nil, p.fail(begin, "a closing ) is missing")
		case p.at == len(p.text):
			return nil, p.fail(begin, "a term is wanted at the end")
		case p.text[p.at] == '|' || p.word("or") || p.word("and"):
			word := p.text[begin:max(p.at, begin+1)]
			return nil, p.fail(begin, "a term is wanted before %s; write \"%s\" to look for it", word, word)
		case p.text[p.at] == ')' && p.depth > 0:
			return nil, p.fail(begin, "a term is wanted before )")
		}
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		all = append(all, t)
		p.skip()
		if p.at == len(p.text) || p.text[p.at] == '|' || p.text[p.at] == ')' {
			return all, nil
		}
		begin = p.at
		if p.word("or") {
			p.at = begin
			return all, nil
		}
		if p.word("and") {
			p.skip()
		}
	}
}

// group reads what stands in parentheses.
func (p *parser) group() ([][]Term, error) {
	begin := p.at
	if p.depth == maxDepth {
		return nil, p.fail(begin, "more than %d groups in each other", maxDepth)
	}
	p.at++
	p.depth++
	p.skip()
	if p.at < len(p.text) && p.text[p.at] == ')' {
		return nil, p.fail(begin, `() is empty: put terms in it, or write "()" to look for it`)
	}
	either, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if p.at == len(p.text) {
		return nil, p.fail(begin, "a closing ) is missing")
	}
	p.at++
	p.depth--
	return either, nil
}

// balanced reports whether a text, read in a group, ends where it ends elsewhere, too.
func balanced(text string, expression bool) bool {
	open := 0
	for i := 0; i < len(text) && open >= 0; i++ {
		switch text[i] {
		case '\\':
			if expression {
				i++
			}
		case '(':
			open++
		case ')':
			open--
		}
	}
	return open == 0
}

// Quote writes a text in quotes, as a term has it.
func Quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// grouped is the term that a record meets when it meets all terms of an alternative.
func grouped(either [][]Term) Term {
	t := Term{Any: either}
	for k, all := range either {
		t.Text += []string{"(", " | "}[min(k, 1)]
		for i := range all {
			t.Text += []string{"", " "}[min(i, 1)] + all[i].Text
			t.size += all[i].size
			t.scans += all[i].scans
		}
	}
	t.Text += ")"
	return t
}

// relation reads a field, a word or not and the word, and up to what opens its values, when
// all are there.
func (p *parser) relation(word string, opens byte) (field string, not, ok bool) {
	begin := p.at
	for p.at < len(p.text) && isFieldByte(p.text[p.at]) {
		p.at++
	}
	field = p.text[begin:p.at]
	blank := p.at
	p.skip()
	if field != "" && p.at > blank {
		if p.word("not") {
			not = true
			p.skip()
		}
		if p.word(word) {
			if p.skip(); p.at < len(p.text) && p.text[p.at] == opens {
				return field, not, true
			}
		}
	}
	p.at = begin
	return "", false, false
}

// set reads the values of a set, and makes t the term that the field has one of them.
func (p *parser) set(t *Term, field string) error {
	begin := p.at
	p.at++
	p.depth++
	var either [][]Term
	for {
		for p.at < len(p.text) && (isBlank(p.text[p.at]) || p.text[p.at] == ',') {
			p.at++
		}
		switch {
		case p.at == len(p.text):
			return p.fail(begin, "a closing ) is missing")
		case p.text[p.at] == ')' && len(either) == 0:
			return p.fail(begin, "() is empty: put values in it, as in %s in (a, b)", field)
		case p.text[p.at] == ')':
			p.at++
			p.depth--
			not := t.Not
			*t = grouped(either)
			t.Text, t.Not, t.Word = "", not, setWord(either)
			return nil
		}
		if p.terms++; p.terms > MaxTerms {
			return p.fail(p.at, "more than %d terms and values", MaxTerms)
		}
		one, at := Term{Field: field}, p.at
		quoted := p.text[p.at] == '"'
		var err error
		if quoted {
			one.value, err = p.quoted()
		} else {
			for p.at < len(p.text) && !ends(p.text[p.at]) && p.text[p.at] != ',' {
				p.at++
			}
			one.value = p.text[at:p.at]
		}
		if err == nil && p.at == at {
			err = p.fail(at, "a value is wanted; write \"|\" for one")
		}
		if err == nil {
			err = p.complete(&one, at, quoted)
		}
		if err != nil {
			return err
		}
		one.Text = field + "=" + p.text[at:p.at]
		either = append(either, []Term{one})
	}
}

// setWord is the word that a record has which has the field of a set, if it is known.
func setWord(either [][]Term) string {
	t := either[0][0]
	t.value, t.numeric = "", true
	if t.OfOrigin() {
		return ""
	}
	return requiredWord(&t)
}

// notOurs refuses what other languages write otherwise.
func (p *parser) notOurs(text string, begin int) error {
	switch text {
	case "&&", "&":
		return p.fail(begin, "write a blank, or and, where both are wanted")
	case "=", "==", "!=", "<", "<=", ">", ">=", "~", "!~":
		return p.fail(begin, `leave out the blanks around %s, as in status%s500; write "%s" to look for it`, text, text, text)
	case "in", "IN":
		return p.fail(begin, `write a field before in and a list after it, as in status in (502, 503); write "in" to look for the word`)
	}
	return nil
}
