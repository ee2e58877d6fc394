package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What deploy/ starts are commands with flags that there are, and with values that these
// take.
func TestDeployedCommands(t *testing.T) {
	var lines []string
	for pattern, expression := range map[string]string{
		"../deploy/systemd/default/*": `(?m)^#?SLUICE_[A-Z]+_FLAGS="(.*)"$`,
		"../deploy/kubernetes/*.yaml": `(?m)^ +args:\n((?: +(?:- |#).*\n)+)`,
		"../docs/deployment.md":       `(?m)^#?SLUICE_[A-Z]+_FLAGS="(.*)"$`,
	} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", pattern, names, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(expression).FindAllStringSubmatch(string(text), -1) {
				line := m[1]
				if strings.Contains(line, "\n") {
					line = strings.Join(listed(line), " ")
				} else {
					service := strings.ToLower(regexp.MustCompile(`SLUICE_([A-Z]+)_`).FindStringSubmatch(m[0])[1])
					line = service + " " + line
				}
				lines = append(lines, filepath.Base(name)+": "+line)
			}
		}
	}
	if len(lines) < 6 {
		t.Errorf("only %q", lines)
	}
	for _, line := range lines {
		_, line, _ := strings.Cut(line, ": ")
		root := newRoot(new(outcome))
		command, flags, err := root.Find(strings.Fields(line))
		if err != nil || command == root {
			t.Errorf("%s: no such command: %v", line, err)
			continue
		}
		if err := command.ParseFlags(flags); err != nil {
			t.Errorf("%s: %v", line, err)
		} else if rest := command.Flags().Args(); len(rest) > 0 {
			t.Errorf("%s: %q are no flags", line, rest)
		}
	}
}

// listed are the entries of a list in YAML.
func listed(text string) (entries []string) {
	for line := range strings.Lines(text) {
		if entry, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
			entries = append(entries, entry)
		}
	}
	return entries
}
