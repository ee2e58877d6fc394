package dial

const MaxNames = maxNames

// Remember notes an address.
func (d *Dialer) Remember(address, where string) { d.remember(address, where) }

// LastOf is what is remembered.
func (d *Dialer) LastOf(address string) string { return d.lastOf(address) }
