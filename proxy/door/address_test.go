package door_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"sluice/proxy/door"
)

func TestTheAddressIsWhatTrustedProxiesSay(t *testing.T) {
	d, err := door.New(door.Config{AnyHost: true, TrustedProxies: []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"nobody between", "192.0.2.1:5", nil, "192.0.2.1"},
		{"a claim of a stranger", "192.0.2.1:5", []string{"198.51.100.7"}, "192.0.2.1"},
		{"a trusted proxy", "10.0.0.1:5", []string{"198.51.100.7"}, "198.51.100.7"},
		{"what the client itself claims", "10.0.0.1:5", []string{"127.0.0.1, 198.51.100.7"}, "198.51.100.7"},
		{"two proxies", "10.0.0.1:5", []string{"6.6.6.6, 198.51.100.7, 10.2.3.4"}, "198.51.100.7"},
		{"two lines", "10.0.0.1:5", []string{"6.6.6.6, 198.51.100.7", "10.2.3.4"}, "198.51.100.7"},
		{"all trusted", "10.0.0.1:5", []string{"10.9.9.9"}, "10.9.9.9"},
		{"no header", "10.0.0.1:5", nil, "10.0.0.1"},
		{"rubbish", "10.0.0.1:5", []string{"198.51.100.7, unknown"}, "10.0.0.1"},
		{"nothing", "10.0.0.1:5", []string{""}, "10.0.0.1"},
		{"an empty end", "10.0.0.1:5", []string{"198.51.100.7,"}, "10.0.0.1"},
		{"with a port", "10.0.0.1:5", []string{"198.51.100.7:99"}, "198.51.100.7"},
		{"IPv6", "[fd00::1]:5", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 with a port", "[fd00::1]:5", []string{"[2001:db8::7]:99"}, "2001:db8::7"},
		{"IPv6 in brackets", "[fd00::1]:5", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:5", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"no address at all", "@", []string{"198.51.100.7"}, "invalid IP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.peer
			for _, line := range c.forwarded {
				r.Header.Add("X-Forwarded-For", line)
			}
			in, ok := d.Open(httptest.NewRecorder(), r)
			if !ok {
				t.Fatal("refused")
			}
			if got := door.Address(in.Context()).String(); got != c.want {
				t.Errorf("the address is %s, want %s", got, c.want)
			}
		})
	}
}
