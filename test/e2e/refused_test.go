package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/cluster/zmtp"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// A record of 400 KB between two small ones is refused by the consolidator. Whoever
// reads the stream is told so, at its place.
func TestARefusedRecordIsTold(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 3)
	publish, subscribe, proxy := "tcp://"+ports[0], "tcp://"+ports[1], ports[2]
	start(t, "consolidator", "--name", "vm-1", "--publish", publish, "--subscribe", subscribe)
	start(t, "proxy", "--listen", proxy, "--consolidator", subscribe)
	for _, p := range ports {
		awaitListener(t, p)
	}
	pub := testpeer.Dial(t, publish, testpeer.AsForeignPublisher)
	for _, msg := range []string{"before", strings.Repeat("x", 400_000), "after"} {
		pub.Send(zmtp.AppendMessage(nil, "system", []byte(`{"v":0,"name":"app","level":30,"msg":"`+msg+`"}`)))
	}
	pub.Settle()

	const lost = "1 record of system lost at the consolidator vm-1: larger than 256 KiB"
	recording := filepath.Join(t.TempDir(), "out.ndjson")
	for _, from := range [][]string{{"--consolidator", subscribe}, {"--proxy", "http://" + proxy}} {
		for _, command := range [][]string{
			{"tail", "system", "--plain", "--output", "raw"},
			{"record", "system", "--out", recording},
		} {
			args := append(append(command, from...), "--last", "10", "--count", "2", "--for", wait.Limit.String())
			cmd := exec.Command("sluice", args...)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %v: %s", args, err, stderr.Bytes())
			}
			if !strings.Contains(stderr.String(), "sluice: "+lost+"\n") {
				t.Errorf("%v says\n%s", args, stderr.Bytes())
			}
			out := stdout.String()
			if command[0] == "record" {
				b, err := os.ReadFile(recording)
				if err != nil {
					t.Fatal(err)
				}
				if out = string(b); os.Remove(recording) != nil {
					t.Fatal("the recording cannot be removed")
				}
				if lines := strings.Split(out, "\n"); len(lines) != 4 || !strings.Contains(lines[1], lost) {
					t.Errorf("%v has recorded\n%s", args, out)
				}
			}
			if !strings.Contains(out, "before") || !strings.Contains(out, "after") {
				t.Errorf("%v has\n%s", args, out)
			}
		}
	}
}
