package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/foreign"
)

// snippets returns the README's code in a language.
func snippets(t *testing.T, language string) (code []string) {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(readme), "\n```")
	for _, b := range blocks {
		if body, ok := strings.CutPrefix(b, language+"\n"); ok {
			code = append(code, body+"\n")
		}
	}
	return code
}

// moved is code with the endpoints of this test for the usual ones.
func moved(code, publish, subscribe string) string {
	return strings.NewReplacer("tcp://127.0.0.1:5551", publish, "tcp://127.0.0.1:5552", subscribe).Replace(code)
}

func TestREADMEPython(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "python3-zmq")
	code := snippets(t, "python")
	if len(code) != 2 {
		t.Fatalf("the README has %d Python snippets, want a publisher and a reader", len(code))
	}
	publish, subscribe := pump(t)

	reader := exec.Command(foreign.Python, "-u", "-c", moved(code[1], publish, subscribe))
	stdout, err := reader.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	run(t, reader)
	run(t, exec.Command(foreign.Python, "-c", moved(code[0], publish, subscribe)))
	if out := tailed(t, "5", "--consolidator", subscribe, "tenant/acme"); strings.Count(out, `"msg": "hello`) != 5 {
		t.Errorf("tail printed %q", out)
	}
	buf := make([]byte, len("tenant/acme {"))
	if _, err := stdout.Read(buf); err != nil || string(buf) != "tenant/acme {" {
		t.Errorf("the reader printed %q, %v", buf, err)
	}
}

func TestREADMEGo(t *testing.T) {
	t.Parallel()
	code := snippets(t, "go")
	if len(code) != 2 {
		t.Fatalf("the README has %d Go snippets, want 2", len(code))
	}
	for i, code := range code {
		publish, subscribe := pump(t)
		// The first one goes to the usual endpoint without naming it.
		code = strings.Replace(code, "publish.Config{", `publish.Config{Endpoint: "tcp://127.0.0.1:5551", `, 1)
		dir := t.TempDir()
		source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "publisher")
		if err := os.WriteFile(source, []byte(moved(code, publish, subscribe)), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		run(t, exec.Command(binary))
		if out := tailed(t, "5", "--consolidator", subscribe, "tenant/acme"); strings.Count(out, `"msg":"hello`) != 5 {
			t.Errorf("with snippet %d tail printed %q", i, out)
		}
	}
}

// What docs/publishing.md says to a Go service works, in a module of its own,
// with nothing to download.
func TestGoService(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/publishing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(doc), "```go\n")
	code, _, ok := strings.Cut(code, "```")
	_, commands, found := strings.Cut(string(doc), "In the directory of the service:\n\n")
	commands, _, _ = strings.Cut(commands, "\n\n")
	if !ok || !found {
		t.Fatal("docs/publishing.md has no service, or no commands for it")
	}
	here, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	publish, subscribe := pump(t)
	beside := t.TempDir()
	dir := filepath.Join(beside, "service")
	if err := errors.Join(os.Symlink(here, filepath.Join(beside, "sluice")), os.Mkdir(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/service\n\ngo 1.24\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "main.go"), []byte(strings.Replace(code, "Config{", fmt.Sprintf("Config{Endpoint: %q, ", publish), 1)), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("sh", "-ec", commands)
	build.Dir, build.Env = dir, append(os.Environ(), "GOPROXY=off", "GONOSUMDB=*", "GOWORK=off", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v: %s", commands, err, out)
	}
	run(t, exec.Command(filepath.Join(dir, "service")))
	if out := tailed(t, "1", "--consolidator", subscribe, "tenant/acme"); !strings.Contains(out, `"name":"service"`) || !strings.Contains(out, `"msg":"started","port":8080`) {
		t.Errorf("tail printed %q", out)
	}
}
