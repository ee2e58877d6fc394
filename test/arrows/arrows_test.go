package arrows_test

import (
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

//go:embed arrows.txt
var arrowsText string

// arrows reads arrows.txt: who may import whom inside the module, by import path.
func arrows(t *testing.T) map[string][]string {
	t.Helper()
	groups, all := make(map[string][]string), make(map[string][]string)
	for line := range strings.Lines(arrowsText) {
		line, _, _ = strings.Cut(line, "#")
		name, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		var to []string
		for _, item := range strings.Fields(list) {
			if group, ok := groups[item]; ok {
				to = append(to, group...)
			} else {
				to = append(to, path.Join("sluice", item))
			}
		}
		if strings.HasPrefix(name, "@") {
			groups[name] = append(groups[name], to...)
			continue
		}
		name = path.Join("sluice", name)
		if _, twice := all[name]; twice {
			t.Errorf("arrows.txt has %s twice", name)
		}
		all[name] = to
	}
	return all
}

// fences are the modules that only some packages may import.
var fences = []struct {
	module string   // prefix of the import path
	only   []string // packages that may import it
}{
	{"charm.land/bubbletea/", []string{"sluice/tui"}},
	{"charm.land/bubbles/", []string{"sluice/tui"}},
	{"charm.land/lipgloss/", []string{"sluice/tui"}},
	{"charm.land/fang/", []string{"sluice/cli"}},
	{"github.com/spf13/cobra", []string{"sluice/cli"}},
	{"github.com/nats-io/", []string{"sluice/archive", "sluice/archive/batch", "sluice/archive/consume", "sluice/archive/engine", "sluice/archive/engine/blocks", "sluice/archive/history", "sluice/internal/testnats", "sluice/test/bench"}},
	{"github.com/klauspost/compress/", []string{"sluice/archive/batch", "sluice/headless/internal/packed", "sluice/headless/recorder", "sluice/headless/unpack", "sluice/test/bench", "sluice/tui"}},
	{"github.com/r3labs/", []string{"sluice/test/bench", "sluice/test/e2e/sseclient"}},
	{"github.com/tmaxmax/", []string{"sluice/test/e2e/gosse"}},
	{"github.com/go-zeromq/", []string{"sluice/test/soak"}},
}

type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func TestArrows(t *testing.T) {
	packages, arrows := list(t), arrows(t)
	if len(packages) < 8 {
		t.Fatalf("go list found only %d packages", len(packages))
	}
	for name := range arrows {
		if !slices.ContainsFunc(packages, func(p listed) bool { return p.ImportPath == name }) {
			t.Errorf("arrows.txt has %s, which is no package", name)
		}
	}
	for _, p := range packages {
		allowed, known := arrows[p.ImportPath]
		if !known {
			t.Errorf("package %s is not in arrows.txt: add it, and to the folder map in docs/ARCHITECTURE.md", p.ImportPath)
		}
		for _, i := range p.Imports {
			if strings.HasPrefix(i, "sluice/") && !slices.Contains(allowed, i) {
				t.Errorf("package %s imports %s; it may import %v", p.ImportPath, i, allowed)
			}
			for _, f := range fences {
				if strings.HasPrefix(i, f.module) && !slices.Contains(f.only, p.ImportPath) {
					t.Errorf("package %s imports %s; only %v may", p.ImportPath, i, f.only)
				}
			}
		}
	}
}

// list returns the packages of the module with what each imports.
func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "sluice/...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		packages = append(packages, p)
	}
}

// Each module that is imported, by tests too, has a line in
// docs/dependencies.md that says why, and no other module has.
func TestDependenciesAreExplained(t *testing.T) {
	text, err := os.ReadFile("../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]bool{} // whether it is imported
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		for i, name := range strings.Split(cells[1], "`") {
			if i%2 == 1 {
				explained[name] = false
			}
		}
	}
	if len(explained) < 10 {
		t.Fatalf("docs/dependencies.md explains only %d modules", len(explained))
	}
	for _, p := range list(t) {
		for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if host, _, _ := strings.Cut(i, "/"); !strings.Contains(host, ".") {
				continue // the standard library, or ours
			}
			known := false
			for name := range explained {
				if i == name || strings.HasPrefix(i, name+"/") {
					explained[name], known = true, true
				}
			}
			if !known {
				t.Errorf("package %s imports %s, which docs/dependencies.md does not explain", p.ImportPath, i)
			}
		}
	}
	for name, imported := range explained {
		if !imported {
			t.Errorf("docs/dependencies.md explains %s, which nobody imports", name)
		}
	}
}
