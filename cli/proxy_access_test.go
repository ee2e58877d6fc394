package cli

import (
	"net/netip"
	"testing"
)

// A network is the one whose addresses are compared with it, however it is written.
func TestNetworks(t *testing.T) {
	for text, has := range map[string]string{
		"10.0.0.0/8": "10.1.2.3", "10.1.2.3/8": "10.9.9.9", "::1": "::1", "fd00::/8": "fd00::1", "192.0.2.7": "192.0.2.7",
		"::ffff:10.0.0.0/104": "10.1.2.3", "::ffff:192.0.2.7": "192.0.2.7", "fe80::1%eth0": "fe80::1",
	} {
		network, err := parseNetwork(text)
		if err != nil || !network.Contains(netip.MustParseAddr(has)) || network.Contains(netip.MustParseAddr("203.0.113.1")) {
			t.Errorf("%s is %s, %v, and is to have %s", text, network, err, has)
		}
	}
	for _, text := range []string{"", "10.0.0.0/33", "10.0.0", "example.org", "*"} {
		if network, err := parseNetwork(text); err == nil {
			t.Errorf("%q is %s", text, network)
		}
	}
}
