package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/cluster/record"
	"sluice/internal/foreign"
)

// A small disk that is full ends the recording with 1 and a clear word. The
// file has its name, whole lines, and as many as the summary says.
func TestRecordFullDisk(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "a tmpfs")
	dir := t.TempDir()
	mount := `mount -t tmpfs -o size=1m none "$1" || exit 99; `
	publish, subscribe := pump(t)
	publishMany(t, publish, "tenant/acme")
	for _, ending := range []string{".ndjson", ".ndjson.gz", ".ndjson.zst"} {
		t.Run(ending, func(t *testing.T) {
			kept := filepath.Join(t.TempDir(), "out"+ending)
			script := mount + `cd "$1" && head -c 960K /dev/zero >.filler && sluice record tenant/acme --consolidator "$2" --out "out$3" --for 50s --summary json; code=$?; ls; cp "out$3" "$4"; exit $code`
			cmd := exec.Command("unshare", foreign.Unshare("sh", "-c", script, "sh", dir, subscribe, ending, kept)...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			names, err := cmd.Output()
			if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), "no space left on device: make room") {
				t.Fatalf("%v: %s", err, stderr.Bytes())
			}
			if want := "out" + ending + "\n"; string(names) != want {
				t.Errorf("the files are %q, want %q", names, want)
			}
			data, err := os.ReadFile(kept)
			if err != nil {
				t.Fatal(err)
			}
			if ending == ".ndjson" && data[len(data)-1] != '\n' {
				t.Errorf("the file ends in half a line: %q", data[len(data)-50:])
			}
			lines := readable(t, kept)
			var summary struct{ Records, Unwritten, Dropped int }
			text, _, _ := strings.Cut(stderr.String(), "\n")
			if err := json.Unmarshal([]byte(text), &summary); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			checkTool(t, kept, lines)
			// Where there is room for it, the last line tells what is missing.
			if last := len(lines) - 1; last >= 0 && record.IsLoss([]byte(lines[last])) {
				if want := fmt.Sprintf(`"dropped":%d,`, summary.Unwritten); !strings.Contains(lines[last], want) {
					t.Errorf("the last line is %s, and the summary %+v", lines[last], summary)
				}
				lines = lines[:last]
			}
			if len(lines) == 0 || summary.Records != len(lines) || summary.Unwritten == 0 {
				t.Errorf("there are %d lines; the summary is %+v", len(lines), summary)
			}
		})
	}
}
