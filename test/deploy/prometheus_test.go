package deploy_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sluice/internal/foreign"
)

const (
	alerts    = "../../deploy/prometheus/alerts.yml"
	scrape    = "../../deploy/prometheus/scrape.yml"
	dashboard = "../../deploy/grafana/sluice.json"
	page      = "../../docs/operations.md"
)

// Each alert fires on what it is for, and on nothing else.
func TestAlertsFire(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "prometheus")
	dir := t.TempDir()
	install(t, alerts, filepath.Join(dir, "alerts.yml"), 0o644)
	// Debian's Prometheus is built without Kubernetes.
	pods := "kubernetes_sd_configs:\n      - role: pod\n        namespaces: {names: [sluice]}\n"
	write(t, filepath.Join(dir, "scrape.yml"), strings.ReplaceAll(read(t, scrape), pods, "static_configs: []\n"))
	install(t, "testdata/alerts.yml", filepath.Join(dir, "tests.yml"), 0o644)
	promtool(t, "check", "config", filepath.Join(dir, "scrape.yml"))
	promtool(t, "test", "rules", filepath.Join(dir, "tests.yml"))
	fired := read(t, "testdata/alerts.yml")
	for name := range named(read(t, alerts), `alert: (\w+)`) {
		if !strings.Contains(fired, "alertname: "+name+"\n") {
			t.Errorf("nothing tests that %s fires", name)
		}
	}
}

func promtool(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("promtool", args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args[:2], " "), err, out)
	}
}

// named is what a group of an expression matches.
func named(text, expression string) map[string]bool {
	all := make(map[string]bool)
	for _, m := range regexp.MustCompile(expression).FindAllStringSubmatch(text, -1) {
		all[m[1]] = true
	}
	return all
}

// docs/operations.md tells what to do about each alert, and of no other.
func TestAlertsAreExplained(t *testing.T) {
	t.Parallel()
	there, explained := named(read(t, alerts), `alert: (\w+)`), named(read(t, page), "(?m)^\\| `(Sluice\\w+)`")
	for name := range there {
		if !explained[name] {
			t.Errorf("%s does not tell what to do about %s", page, name)
		}
	}
	for name := range explained {
		if !there[name] {
			t.Errorf("%s tells of %s, which is no alert", page, name)
		}
	}
}

// The dashboard is one that Grafana takes: each panel has an id and a place of its own.
func TestDashboard(t *testing.T) {
	t.Parallel()
	var board struct {
		Title  string
		UID    string
		Panels []struct {
			ID          int
			Type, Title string
			GridPos     struct{ X, Y, W, H int }
			Targets     []struct{ Expr, RefID string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, dashboard)), &board); err != nil {
		t.Fatal(err)
	}
	taken, ids := make(map[[2]int]string), make(map[int]bool)
	for _, p := range board.Panels {
		if ids[p.ID] || p.ID == 0 {
			t.Errorf("%q has the id %d, which another has", p.Title, p.ID)
		}
		ids[p.ID] = true
		g := p.GridPos
		if g.X < 0 || g.X+g.W > 24 || g.W <= 0 || g.H <= 0 {
			t.Errorf("%q stands at %+v; the board is 24 wide", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other, ok := taken[[2]int{x, y}]; ok {
					t.Fatalf("%q stands upon %q", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		refs := make(map[string]bool)
		for _, target := range p.Targets {
			if target.Expr == "" || refs[target.RefID] {
				t.Errorf("%q asks %q as %q", p.Title, target.Expr, target.RefID)
			}
			refs[target.RefID] = true
		}
		if (p.Type == "row") != (len(p.Targets) == 0) {
			t.Errorf("%q is a %s, and asks %d questions", p.Title, p.Type, len(p.Targets))
		}
	}
	if board.Title == "" || board.UID == "" || len(board.Panels) < 20 {
		t.Errorf("the board is %q (%s), with %d panels", board.Title, board.UID, len(board.Panels))
	}
}

// Prometheus understands each question of the dashboard.
func TestDashboardAsks(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "prometheus")
	var rules strings.Builder
	rules.WriteString("groups:\n  - name: dashboard\n    rules:\n")
	n := 0
	for _, m := range regexp.MustCompile(`"expr": ("(?:[^"\\]|\\.)*")`).FindAllStringSubmatch(read(t, dashboard), -1) {
		var expression string
		if err := json.Unmarshal([]byte(m[1]), &expression); err != nil {
			t.Fatal(err)
		}
		expression = strings.NewReplacer("$__rate_interval", "1m", "$instance", ".*").Replace(expression)
		n++
		fmt.Fprintf(&rules, "      - record: panel:%d\n        expr: %q\n", n, expression)
	}
	if n < 30 {
		t.Fatalf("only %d questions", n)
	}
	name := filepath.Join(t.TempDir(), "dashboard.yml")
	write(t, name, rules.String())
	promtool(t, "check", "rules", name)
}
