package e2e_test

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	pub "sluice/cluster/publish"
	"sluice/internal/foreign"
	"sluice/internal/wait"
)

// The client of the original service, with a token as it sends it, gets every record as
// one, whatever its publisher wrote, and nothing else; a refusal it prints. It is run as
// it is where npm has installed it, and in our own reduction of how it reads.
func TestTheClientOfTheOriginalService(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "nodejs")
	for _, c := range []struct{ name, needs, module string }{
		{"as it reads", "nodejs", "./logstream.js"},
		{"as it is", "webtask-log-stream", "webtask-log-stream"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			foreign.Need(t, c.needs)
			testOriginalClient(t, c.module)
		})
	}
}

func testOriginalClient(t *testing.T, module string) {
	publish, subscribe := pump(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := freePorts(t, 1)[0]
	proxy := start(t, "proxy", "--listen", listen, "--consolidator", subscribe, "--jwt-key", secret)
	awaitListener(t, listen)
	token, err := exec.Command("sluice", "token", "--jwt-key", secret, "--tenant", "acme").Output()
	if err != nil {
		t.Fatal(err)
	}
	read := func(token string) (said, complained *output) {
		cmd := exec.Command("node", "read.js", module, "http://"+listen+"/api/logs/tenant/acme?max=100&key="+url.QueryEscape(strings.TrimSpace(token)))
		cmd.Dir = "testdata/original"
		said, complained = new(output), new(output)
		cmd.Stdout, cmd.Stderr = said, complained
		run(t, cmd)
		return said, complained
	}

	refused, _ := read("x.y.z")
	wait.For(t, "the refusal to be printed", func() bool { return refused.has([]string{`{"msg":"401 Unauthorized: `}) })

	client, err := pub.Open(pub.Config{Endpoint: publish})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close(context.Background())
	said, complained := read(string(token))
	send := func(data string) {
		if err := client.Publish(t.Context(), "tenant/acme", []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	wait.For(t, "it to be connected", func() bool {
		send(`{"msg":"hello"}`)
		return said.has([]string{`{"msg":"hello"}`})
	})
	messages := func() (list []string) {
		for line := range strings.Lines(said.text()) {
			var r struct{ Msg string }
			if !strings.HasSuffix(line, "\n") {
				break // not yet whole
			}
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("it prints %.200s", line)
			}
			if r.Msg != "hello" {
				list = append(list, r.Msg)
			}
		}
		return list
	}
	var want []string
	for _, c := range []struct{ published, msg string }{
		{`{"v":0,"name":"shop","level":30,"msg":"plain"}`, "plain"},
		{`{"msg":"lines\u2028and\u0085such` + "\u2028" + `"}`, "lines\u2028and\u0085such\u2028"},
		{"{\n\n\"msg\":\n\"spread\"\n\n}", "spread"},
		{`{"msg":"` + strings.Repeat("long ", 20_000) + `"}`, strings.Repeat("long ", 20_000)},
		{`no JSON: event: ping`, "no JSON: event: ping"},
		{"data: {\"msg\":\"forged\"}\n\ndata: {}", "data: {\"msg\":\"forged\"}\n\ndata: {}"},
		{`{"event":"message","data":"x","msg":"named"}`, "named"},
	} {
		send(c.published)
		want = append(want, c.msg)
		wait.For(t, "the record of "+c.msg[:min(len(c.msg), 40)], func() bool { return len(messages()) >= len(want) })
	}
	if got := messages(); !slices.Equal(got, want) {
		t.Errorf("it prints %.2000q, want %.2000q", got, want)
	}
	if text := complained.text(); text != "" {
		t.Errorf("it complains: %.500s", text)
	}
	if err := proxy.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "the end to be noticed", func() bool { return complained.has([]string{"Connection closed"}) })
}
