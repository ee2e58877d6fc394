package loopback_test

import (
	"testing"

	"sluice/cluster/loopback"
)

func TestHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "localhost:5580": true, "LOCALHOST.": true, "LocalHost.:80": true, "a.localhost": true, "x.localhost:1": true,
		"127.1.2.3:1": true, "127.9.9.9": true, "[::1]:5580": true, "[::1]": true, "::1": true, "[::ffff:127.0.0.1]": true,
		"": false, "evil.example": false, "127.0.0.1.evil.example:5553": false, "localhost.evil.example": false, "192.0.2.1": false,
		"0.0.0.0": false, "[::]:1": false, "xlocalhost": false, "localhost:1:2": false,
	} {
		if got := loopback.Host(host); got != want {
			t.Errorf("Host(%q) is %v", host, got)
		}
	}
}
