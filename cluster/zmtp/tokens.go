package zmtp

// tokens is what a Receiver and Requests have in common: a connection that is read,
// and what of it was not looked at yet.
type tokens struct {
	conn *Conn
	open *opener // nil without a codec
	dec  Decoder
	data []byte // what was not looked at yet
	err  error

	// read reads once, and reports whether something came of it; else it has given
	// the buffer away, and the runtime waits. It is made once: a closure a read would
	// be an allocation a read.
	read func(fd uintptr) bool
}

// Next returns the next token of what was received, of TokenNone when more has
// to be filled in first. The token is valid until the next Fill.
func (t *tokens) Next() (Token, error) {
	for {
		if len(t.data) == 0 && !t.dec.due() {
			return Token{}, nil
		}
		tok, n, err := t.dec.Next(t.data)
		t.data = t.data[n:]
		if err != nil || tok.Kind != TokenNone || n == 0 {
			return tok, err
		}
	}
}

// Fill waits until something was received. It returns io.EOF when the peer has
// ended.
func (t *tokens) Fill() error {
	if err := t.conn.raw.Read(t.read); err != nil {
		return t.conn.why(err)
	}
	return t.err
}
