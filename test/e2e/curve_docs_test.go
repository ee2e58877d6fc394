package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sluice/internal/foreign"
	"sluice/internal/wait"
)

// What docs/curve.md shows works when it is pasted, in its order: keys are made, a
// consolidator has them, what is published arrives, and a proxy is ready. So does the
// publisher in Python.
func TestKeysOfTheDocuments(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ports := freePorts(t, 3)
	local := strings.NewReplacer(
		"tcp://10.0.0.5:5551", "tcp://"+ports[0], "tcp://10.0.0.5:5552", "tcp://"+ports[1],
		"sluice consolidator", "exec sluice consolidator --admin ''", "sluice proxy", "exec sluice proxy --admin '' --listen "+ports[2],
		"\n\n", "\n",
	)
	blocks := shellBlocks(t, "curve.md")
	if len(blocks) < 6 {
		t.Fatalf("docs/curve.md shows %d things", len(blocks))
	}
	bash := func(script string) *exec.Cmd {
		cmd := exec.Command("bash", "-c", local.Replace(script))
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "SLUICE_CURVE_KEY=", "SLUICE_CURVE_SERVER=")
		return cmd
	}
	begin := func(script, listens string) {
		cmd := bash(script)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait()
		})
		awaitListener(t, listens)
	}
	run := func(script string) string {
		out, err := bash(script).CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%v: %s", script, err, out)
		}
		return string(out)
	}
	run(blocks[0])
	begin(blocks[1], ports[1])
	if out := run(blocks[2]); !strings.Contains(out, "hello") {
		t.Errorf("the reader printed %s", out)
	}
	begin(blocks[3], ports[2])

	// A list as it is shown, without its comments' signs.
	list := regexp.MustCompile(`(?m)^#   `).ReplaceAllString(blocks[4], "")
	if err := os.WriteFile(filepath.Join(dir, "publishers"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "the list that is shown to be taken up", func() bool {
		out, err := bash(strings.Replace(strings.Split(blocks[2], "\n")[0], "publish system", "publish system --wait 100ms", 1)).CombinedOutput()
		return err != nil && strings.Contains(string(out), "may not connect here")
	})

	t.Run("python", func(t *testing.T) {
		foreign.Need(t, "python3-zmq")
		run("sluice keygen python > publishers")
		script := strings.NewReplacer("app.key", "python.key", "tcp://10.0.0.5:5551", "tcp://"+ports[0]).Replace(strings.Join(blocks[5:7], "\n"))
		script += "\nwhile True:\n    socket.send_multipart([b'tenant/python', b'{\"msg\":\"from python\"}'])\n    import time; time.sleep(0.01)\n"
		cmd := exec.Command(foreign.Python, "-c", script)
		cmd.Dir = dir
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}()
		tail := strings.Replace(strings.Split(blocks[2], "\n")[1], "tail system", "tail tenant/python", 1)
		if out := run(tail); !strings.Contains(out, "from python") {
			t.Errorf("the reader printed %s", out)
		}
	})
}
