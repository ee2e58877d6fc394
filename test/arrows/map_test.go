package arrows_test

import (
	"os"
	"path"
	"strings"
	"testing"
)

// The folder map of docs/ARCHITECTURE.md has every package of the module, and
// nothing else.
func TestFolderMap(t *testing.T) {
	text, err := os.ReadFile("../../docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "## Folder map\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !ok {
		t.Fatal("docs/ARCHITECTURE.md has no folder map")
	}
	mapped := make(map[string]bool)
	var above []string // the folders around a line, by depth
	for line := range strings.Lines(section) {
		line, indented := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
		if !indented {
			continue
		}
		name, what, _ := strings.Cut(strings.TrimLeft(line, " "), " ")
		depth := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		if depth > len(above) || strings.TrimSpace(what) == "" {
			t.Fatalf("the folder map has the line %q", line)
		}
		folder := path.Join(path.Join(above[:depth]...), name)
		above = append(above[:depth], name)
		if !strings.HasSuffix(name, "/") { // a folder of folders
			mapped[path.Join("sluice", folder)] = true
		}
	}
	for _, p := range list(t) {
		if !mapped[p.ImportPath] {
			t.Errorf("the folder map does not have %s", p.ImportPath)
		}
		delete(mapped, p.ImportPath)
	}
	for name := range mapped {
		t.Errorf("the folder map has %s, which is no package", name)
	}
}
