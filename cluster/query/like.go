package query

import "sluice/cluster/group"

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
