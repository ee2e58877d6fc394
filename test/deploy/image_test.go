package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"sluice/internal/volume"
	"sluice/internal/wait"
)

// The image has the program and certificates, nothing else: there the program runs, as
// the user that the Dockerfile names.
func TestImageNeedsNothingElse(t *testing.T) {
	volume.Long(t)
	if os.Geteuid() != 0 {
		t.Skip("only root changes its root and its user")
	}
	last := finalStage(t)
	user := regexp.MustCompile(`(?m)^USER (\d+):(\d+)$`).FindStringSubmatch(last)
	if user == nil {
		t.Fatal("the image's user is no number")
	}
	entry := regexp.MustCompile(`(?m)^ENTRYPOINT \["(.*)"\]$`).FindStringSubmatch(last)
	if entry == nil || !strings.Contains(last, "COPY --from=build /out/sluice "+entry[1]+"\n") {
		t.Fatalf("the image begins with %q, which is not what is copied there", entry)
	}
	root := scratch(t)
	program := filepath.Join(root, entry[1])
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(buildLine(t), " && ") {
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(line, "/out/sluice", program))
		cmd.Dir = "../.."
		cmd.Env = append(os.Environ(), "TARGETOS=linux", "TARGETARCH=", "VERSION=v1.2.0", "COMMIT="+stampedCommit, "DATE=2026-03-01T12:00:00Z")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	inside := func(args ...string) *exec.Cmd {
		cmd := exec.Command(entry[1], args...)
		cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/bin"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: number(t, user[1]), Gid: number(t, user[2])}}
		return cmd
	}
	said, err := inside("version").CombinedOutput()
	if want := "sluice v1.2.0 (commit 0123456789ab of 2026-03-01T12:00:00Z)"; err != nil || !strings.HasPrefix(string(said), want) {
		t.Errorf("the program is %q, %v, want %q", said, err, want)
	}
	publish, subscribe, listen := freeAddress(t), freeAddress(t), freeAddress(t)
	run(t, inside("consolidator", "--name=vm-1", "--publish=tcp://"+publish, "--subscribe=tcp://"+subscribe, "--admin="))
	run(t, inside("proxy", "--listen="+listen, "--consolidator=tcp://"+subscribe, "--admin="))
	awaitListener(t, publish)
	awaitListener(t, listen)
	send := inside("publish", "--to=tcp://"+publish, "system/image")
	send.Stdin = strings.NewReader("from the image\n")
	if out, err := send.CombinedOutput(); err != nil {
		t.Fatalf("publish: %v\n%s", err, out)
	}
	wait.For(t, "the record", func() bool {
		out, _ := inside("tail", "--plain", "--output=raw", "--last=1", "--count=1", "--for=5s", "--proxy=http://"+listen, "system/image").Output()
		return strings.Contains(string(out), "from the image")
	})
}

// finalStage is the last stage of the Dockerfile, which stands on nothing.
func finalStage(t *testing.T) string {
	t.Helper()
	_, last, ok := strings.Cut(read(t, "../../Dockerfile"), "\nFROM scratch\n")
	if !ok || strings.Contains(last, "\nFROM ") {
		t.Fatal("the image does not stand on scratch")
	}
	return last
}

// buildLine is how the Dockerfile builds the program.
func buildLine(t *testing.T) string {
	t.Helper()
	text := strings.ReplaceAll(read(t, "../../Dockerfile"), "\\\n", " ")
	m := regexp.MustCompile(`(?m)^RUN (.*go build.*)$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatal("the Dockerfile builds nothing")
	}
	return m[1]
}

func number(t *testing.T, text string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		t.Fatal(fmt.Errorf("the user is %s: %w", text, err))
	}
	return uint32(n)
}

// The image is built from all that the program is made of: .dockerignore leaves out no
// file that the Go command wants.
func TestImageIsBuiltFromAll(t *testing.T) {
	volume.Check(t)
	args := []string{"list", "-deps", "-f", `{{if .Module}}{{if eq .Module.Path "sluice"}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{range .EmbedFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}`, "."}
	cmd := exec.Command("go", args...)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOOS=linux")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	kept := kept(t)
	n := 0
	for name := range strings.FieldsSeq(string(out)) {
		name = strings.TrimPrefix(name, root+"/")
		n++
		if !kept(name) {
			t.Errorf(".dockerignore leaves out %s", name)
		}
	}
	if n < 100 {
		t.Errorf("the program has only %d files", n)
	}
}

// kept reads .dockerignore, which has names at the top, and names anywhere (**/).
func kept(t *testing.T) func(name string) bool {
	t.Helper()
	var top, anywhere []string
	for line := range strings.Lines(read(t, "../../.dockerignore")) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "**/"); ok {
			anywhere = append(anywhere, name)
		} else if line != "" && line[0] != '#' {
			top = append(top, line)
		}
	}
	return func(name string) bool {
		parts := strings.Split(name, "/")
		for _, pattern := range top {
			if ok, err := filepath.Match(pattern, parts[0]); ok || err != nil {
				return false
			}
		}
		for _, part := range parts {
			for _, pattern := range anywhere {
				if ok, err := filepath.Match(pattern, part); ok || err != nil {
					return false
				}
			}
		}
		return true
	}
}
