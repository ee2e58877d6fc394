package query

import "sluice/cluster/group"

// likeness reads a field, like or not like, and up to the quotes, when all are there.
func (p *parser) likeness() (field string, not, ok bool) {
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
		if p.word("like") {
			if p.skip(); p.at < len(p.text) && p.text[p.at] == '"' {
				return field, not, true
			}
		}
	}
	p.at = begin
	return "", false, false
}

// like reads a template in quotes, and makes t the term that the field fits it.
func (p *parser) like(t *Term, field string) (err error) {
	at := p.at
	t.Field, t.op = field, opLike
	if t.value, err = p.quoted(); err != nil {
		return err
	}
	if t.like, err = group.ParseMatcher(t.value); err != nil {
		return p.fail(at, "%s", err)
	}
	t.Word = requiredWord(t)
	t.scans = scansOf(field) + 1
	return nil
}

// Like is the term that a record's message fits a template, or does not, whatever is in it.
func Like(template string, not bool) (Term, error) {
	text := "msg like " + quote(template)
	if not {
		text = "msg not like " + quote(template)
	}
	terms, err := Parse(text)
	if err != nil {
		return Term{}, err
	}
	return terms[0], nil
}
