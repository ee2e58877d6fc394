package zmtp

// unsent is how many bytes the kernel may hold for a peer beyond what is on
// its way to it.
const unsent = 1 << 20

// LimitUnsent bounds what the kernel keeps for a slow peer.
func (c *Conn) LimitUnsent() {
	if c.LocalAddr().Network() == "tcp" {
		_ = c.raw.Control(limitUnsent)
	}
}

// WriteRaw calls f with the connection's descriptor, again and again, whenever
// it may be written to, until f reports that it is done or the connection is
// closed. Before it reports false, f must have met EAGAIN.
func (c *Conn) WriteRaw(f func(fd uintptr) (done bool)) error {
	return c.raw.Write(f)
}
