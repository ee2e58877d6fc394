package auth_test

import (
	"bytes"
	"testing"

	"sluice/cluster/auth"
)

// Whatever a file or the issuer of a set of keys sends, it crashes nothing, no key is of
// a kind that it is not, and nobody has signed with it by chance.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{
		`{"keys":[{"kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]}`,
		`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}`,
		`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}`,
		`{"keys":[{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ","d":"AQ"},{"kty":"EC","crv":"P-384","x":"","y":""}]}`,
		`{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"},{"kty":"RSA","n":"AQ","e":"AQ","d":"AQ","p":"","q":"AA","dp":"AQ","dq":"AQ","qi":"AQ"}]}`,
		`{"keys":[{"kty":"RSA","n":"AQ","e":"AQ","d":"AQ","p":"AQ","q":"AA","dp":"AQ","dq":"AQ","qi":"AQ","oth":[{"r":"AA","d":"AA","t":"AA"}]}]}`,
		`{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","x5u":"https://127.0.0.1:1/","x5c":["AAAA"],"x5t":"A","use":"sig","key_ops":["verify"],"alg":"none"}]}`,
		"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
		"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
		"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7",
	} {
		f.Add([]byte(seed), []byte("signature"))
	}
	f.Fuzz(func(t *testing.T, data, signature []byte) {
		if len(data) > 1<<16 {
			return
		}
		file, remote, local, signed := auth.TakenBy(data, "a.b", signature)
		if remote > local || signed {
			t.Errorf("%q: %d keys of a file, %d of a URL, %d of a set in a file; signed: %t", data, file, remote, local, signed)
		}
		if remote > 0 && bytes.Contains(data, []byte(`"oct"`)) && !bytes.Contains(data, []byte(`,`)) {
			t.Errorf("%q: a secret is taken of a URL", data)
		}
	})
}
