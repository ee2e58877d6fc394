package zmtp

// maxName is how long a stream's name may be, in bytes.
const maxName = 255

// streamName is the first frame of the message in b that is looked at, if it can be
// a stream's name by its length.
func (d *Decoder) streamName(b []byte) []byte {
	name := b[d.name.from:d.name.to]
	if d.frames == 0 || len(name) > maxName || d.limit > 0 {
		return nil
	}
	return name
}

// skipOver begins to pass over the rest of a message or a command: size bytes of
// a frame, which may be the last.
func (d *Decoder) skipOver(size uint64, last bool, name []byte) {
	*d = Decoder{limit: d.limit, skipping: size > 0 || !last || len(name) > 0, skip: size, skipLast: last}
	if len(name) > 0 {
		d.skipName = append([]byte(nil), name...)
	}
}

// due reports that a message which is passed over has ended, and was not reported:
// its last frame is empty.
func (d *Decoder) due() bool { return d.skipping && d.skip == 0 && d.skipLast }

// pass goes on passing over a message. It stops at a command within it.
func (d *Decoder) pass(b []byte) (t Token, n int, err error) {
	for {
		k := min(d.skip, uint64(len(b)-n))
		n += int(k)
		d.skip -= k
		if d.skip > 0 {
			return t, n, nil
		}
		if d.skipLast {
			if d.skipName != nil {
				t = Token{Kind: TokenPassedOver, Name: d.skipName}
			}
			*d = Decoder{limit: d.limit}
			return t, n, nil
		}
		flags, size, h := header(b[n:])
		switch {
		case h == 0:
			return t, n, nil
		case flags&^byte(flagsKnown) != 0:
			return t, n, reserved(flags)
		case flags&flagCommand != 0 && n > 0:
			return t, n, nil // it is read by the next call
		case flags&flagCommand != 0:
			return d.command(b, 0, flags, size, h)
		case size > maxFrame:
			return t, n, errFrame
		}
		n += h
		d.skip = size
		d.skipLast = flags&flagMore == 0
	}
}
