package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/certificate"
	"sluice/internal/volume"
)

// A token of `sluice token` opens its tenant's stream through a proxy with TLS, to
// whoever has it in a file and trusts the proxy's certificate, and no other stream.
func TestTokens(t *testing.T) {
	volume.Check(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if _, err := certificate.Write(certFile, keyFile, 1); err != nil {
		t.Fatal(err)
	}
	secret := file("secret", "0123456789abcdef0123456789abcdef")
	ports := freePorts(t, 3)
	pub, sub, listen := "tcp://"+ports[0], "tcp://"+ports[1], ports[2]
	start(t, "consolidator", "--publish", pub, "--subscribe", sub)
	start(t, "proxy", "--listen", listen, "--consolidator", sub, "--jwt-key", secret, "--tls-cert", certFile, "--tls-key", keyFile)
	awaitListener(t, ports[0])
	awaitListener(t, listen)
	sluice := func(input string, args ...string) (string, error) {
		cmd := exec.Command("sluice", args...)
		cmd.Stdin = strings.NewReader(input)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	must := func(input string, args ...string) string {
		t.Helper()
		out, err := sluice(input, args...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return out
	}
	for _, tenant := range []string{"acme", "globex"} {
		must(`{"msg":"hello of `+tenant+`"}`+"\n", "publish", "tenant/"+tenant, "--to", pub)
	}
	token := must("", "token", "--jwt-key", secret, "--tenant", "acme")
	if said := must(token, "token", "inspect", "--jwt-key", secret); !strings.Contains(said, `tenant "acme"`) || strings.Contains(said, strings.TrimSpace(token)) {
		t.Errorf("inspect says\n%s", said)
	}
	tail := func(tenant string, more ...string) (string, error) {
		return sluice("", append([]string{"tail", "tenant/" + tenant, "--proxy", "https://" + listen, "--last", "5", "--count", "1", "--for", "20s"}, more...)...)
	}
	tokenFile := file("token", token)
	if out, err := tail("acme", "--token-file", tokenFile, "--ca", certFile); err != nil || !strings.Contains(out, "hello of acme") {
		t.Errorf("with both: %v\n%s", err, out)
	}
	for name, c := range map[string]struct {
		tenant string
		args   []string
		want   string
	}{
		"another tenant":  {"globex", []string{"--token-file", tokenFile, "--ca", certFile}, "403"},
		"no token":        {"acme", []string{"--ca", certFile}, "401"},
		"a token of none": {"acme", []string{"--token-file", file("other", "x.y.z"), "--ca", certFile}, "401"},
		"no certificate":  {"acme", []string{"--token-file", tokenFile}, "certificate"},
	} {
		out, err := tail(c.tenant, append(c.args, "--for", "2s")...)
		if err == nil || strings.Contains(out, "hello") || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v, want %q\n%s", name, err, c.want, out)
		}
	}
}

// What a token would not do, or nobody can tell of it, is said, and nothing is printed
// that looks good.
func TestTokensThatWouldNotDo(t *testing.T) {
	volume.Check(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	token, err := exec.Command("sluice", "token", "--jwt-key", secret, "--tenant", "acme").Output()
	if err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"open nothing":               {"token", "--jwt-key", secret, "--tenant", ""},
		"give the tenant alone":      {"token", "--jwt-key", secret, "--tenant", "tenant/acme"},
		"give --jwt-key":             {"token", "--tenant", "acme"},
		"is unknown":                 {"token", "inspect", "--jwks", "http://127.0.0.1:1/", strings.TrimSpace(string(token))},
		"would refuse it":            {"token", "inspect", "--jwt-key", secret, "--jwt-audience", "logs", strings.TrimSpace(string(token))},
		"--jwt-leeway are of no use": {"proxy", "--listen", "127.0.0.1:0", "--jwt-leeway", "5s"},
	} {
		out, err := exec.Command("sluice", args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %v, want %q\n%s", args, err, want, out)
		}
	}
}
