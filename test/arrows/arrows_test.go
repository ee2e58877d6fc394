package arrows_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// who may import whom inside the module; a package that is not here may be
// imported by nobody and import nobody. Tests are not held to it.
var arrows = map[string][]string{
	"sluice":     {"sluice/cli"},
	"sluice/cli": slices.Concat(components, cluster, []string{"sluice/devenv"}),

	"sluice/devenv": slices.Concat(components, cluster),

	"sluice/consolidator":      cluster,
	"sluice/proxy":             slices.Concat(cluster, []string{"sluice/proxy/entry", "sluice/proxy/resume"}),
	"sluice/headless/recorder": cluster,
	"sluice/headless/replay":   cluster,
	"sluice/headless/shipper":  cluster,
	"sluice/tui":               slices.Concat(cluster, []string{"sluice/tui/find", "sluice/tui/cell", "sluice/tui/terminal", "sluice/tui/rows", "sluice/tui/rowtext", "sluice/tui/query", "sluice/tui/view"}),

	// The full-screen client's own rooms; nobody else enters them.
	"sluice/tui/find":     nil,
	"sluice/tui/cell":     {"sluice/cluster/record"},
	"sluice/tui/terminal": nil,
	"sluice/tui/rows":     {"sluice/cluster/names", "sluice/cluster/query", "sluice/cluster/record", "sluice/cluster/stream"},
	"sluice/tui/rowtext":  {"sluice/cluster/jsonscan", "sluice/cluster/record", "sluice/cluster/stream", "sluice/tui/cell", "sluice/tui/find", "sluice/tui/rows"},
	"sluice/tui/query":    {"sluice/cluster/jsonscan", "sluice/cluster/query", "sluice/cluster/record", "sluice/cluster/rescue", "sluice/tui/find", "sluice/tui/rows", "sluice/tui/rowtext"},
	"sluice/tui/view":     {"sluice/cluster/record", "sluice/tui/query", "sluice/tui/rows"},

	// The proxy's.
	"sluice/proxy/entry":  {"sluice/cluster/stream", "sluice/cluster/loss"},
	"sluice/proxy/resume": {"sluice/cluster/stream", "sluice/cluster/loss", "sluice/cluster/fanout", "sluice/proxy/entry"},

	"sluice/cluster/stream":    {"sluice/cluster/backoff", "sluice/cluster/loss", "sluice/cluster/names", "sluice/cluster/record", "sluice/cluster/rescue", "sluice/cluster/zmtp", "sluice/cluster/fanout", "sluice/cluster/discovery"},
	"sluice/cluster/publish":   {"sluice/cluster/backoff", "sluice/cluster/jsonscan", "sluice/cluster/names", "sluice/cluster/record", "sluice/cluster/zmtp"}, // light: a service imports it
	"sluice/cluster/names":     nil,
	"sluice/cluster/loss":      {"sluice/cluster/jsonscan", "sluice/cluster/record"},
	"sluice/cluster/backoff":   nil,
	"sluice/cluster/console":   {"sluice/cluster/record"},
	"sluice/cluster/stdio":     nil,
	"sluice/cluster/record":    {"sluice/cluster/jsonscan"},
	"sluice/cluster/jsonscan":  nil,
	"sluice/cluster/query":     {"sluice/cluster/jsonscan", "sluice/cluster/record"},
	"sluice/cluster/rescue":    nil,
	"sluice/cluster/zmtp":      nil,
	"sluice/cluster/fanout":    nil,
	"sluice/cluster/discovery": nil,

	// What tests and measures is nobody's part.
	"sluice/test/bench":         {"sluice/cluster/stream", "sluice/cluster/publish", "sluice/cluster/zmtp", "sluice/consolidator", "sluice/headless/recorder", "sluice/headless/shipper", "sluice/internal/emulator"},
	"sluice/test/soak":          {"sluice/cluster/names", "sluice/cluster/stream", "sluice/cluster/zmtp", "sluice/internal/relay"},
	"sluice/test/screen":        nil,
	"sluice/test/e2e":           nil,
	"sluice/test/e2e/sseclient": nil,
	"sluice/test/arrows":        nil,
	"sluice/internal/relay":     nil,
	"sluice/internal/emulator":  nil,
	"sluice/internal/wait":      nil,
	"sluice/internal/volume":    nil,
	"sluice/internal/foreign":   nil,
	"sluice/internal/testpeer":  {"sluice/cluster/zmtp", "sluice/internal/foreign", "sluice/internal/wait"},
}

// cluster is what a component may import; never another component.
var cluster = []string{
	"sluice/cluster/backoff",
	"sluice/cluster/console",
	"sluice/cluster/discovery",
	"sluice/cluster/fanout",
	"sluice/cluster/httpapi",
	"sluice/cluster/jsonscan",
	"sluice/cluster/loss",
	"sluice/cluster/names",
	"sluice/cluster/publish",
	"sluice/cluster/query",
	"sluice/cluster/record",
	"sluice/cluster/rescue",
	"sluice/cluster/stdio",
	"sluice/cluster/stream",
	"sluice/cluster/stream/direct",
	"sluice/cluster/stream/proxied",
	"sluice/cluster/zmtp",
}

var components = []string{
	"sluice/consolidator", "sluice/proxy", "sluice/headless/recorder", "sluice/headless/replay", "sluice/headless/shipper", "sluice/tui",
}

// fences are the modules that only some packages may import.
var fences = []struct {
	module string   // prefix of the import path
	only   []string // packages that may import it
}{
	{"charm.land/bubbletea/", []string{"sluice/tui"}},
	{"charm.land/bubbles/", []string{"sluice/tui"}},
	{"charm.land/fang/", []string{"sluice/cli"}},
	{"github.com/spf13/cobra", []string{"sluice/cli"}},
	{"github.com/klauspost/compress/", []string{"sluice/headless/recorder", "sluice/headless/replay", "sluice/test/bench"}},
	{"github.com/r3labs/", []string{"sluice/test/e2e/sseclient"}},
	{"github.com/go-zeromq/", []string{"sluice/devenv", "sluice/test/soak"}},
}

type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func TestArrows(t *testing.T) {
	packages := list(t)
	if len(packages) < 8 {
		t.Fatalf("go list found only %d packages", len(packages))
	}
	for _, p := range packages {
		allowed, known := arrows[p.ImportPath]
		if !known {
			t.Errorf("package %s stands in no arrow: add it to this test and to DESIGN", p.ImportPath)
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
