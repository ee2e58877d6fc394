package figures

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Used checks that the metrics of a namespace that files ask for, such as alerts and
// dashboards, are served, with the labels that are asked for. It returns how many are
// asked for. A metric that has no series at the moment may have any label.
func Used(t testing.TB, addr, namespace string, files ...string) int {
	t.Helper()
	served := labels(text(t, addr))
	asked := make(map[string]bool)
	use := regexp.MustCompile(`\b(` + namespace + `_[a-z_]+)(?:\{([^}]*)\})?`)
	for _, name := range files {
		words, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range use.FindAllStringSubmatch(strings.ReplaceAll(string(words), `\"`, `"`), -1) {
			asked[m[1]] = true
			has, there := served[m[1]]
			if !there {
				t.Errorf("%s asks for %s, which is not served", filepath.Base(name), m[1])
				continue
			}
			for label := range labelled(m[2]) {
				if len(has) > 0 && !has[label] && !targets[label] {
					t.Errorf("%s asks for the label %s of %s, which has none", filepath.Base(name), label, m[1])
				}
			}
		}
	}
	return len(asked)
}

// targets are the labels that Prometheus gives to all that a program serves.
var targets = map[string]bool{"job": true, "instance": true}

// labels are the labels that each metric has, and all metrics, as Prometheus keeps them:
// a histogram is three.
func labels(body string) map[string]map[string]bool {
	all := make(map[string]map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)`).FindAllStringSubmatch(body, -1) {
		kept := []string{m[1]}
		if m[2] == "histogram" {
			kept = []string{m[1] + "_bucket", m[1] + "_sum", m[1] + "_count"}
		}
		for _, name := range kept {
			all[name] = make(map[string]bool)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^([a-z]\w*)(?:\{(.*)\})? `).FindAllStringSubmatch(body, -1) {
		if all[m[1]] == nil { // a part of a summary
			all[m[1]] = make(map[string]bool)
		}
		for label := range labelled(m[2]) {
			all[m[1]][label] = true
		}
		if m[2] == "" {
			all[m[1]][""] = true // it has a series, and no label
		}
	}
	return all
}

// labelled are the names of labels in braces.
func labelled(braces string) map[string]bool {
	all := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(\w+)(?:=~|!=|!~|=)"`).FindAllStringSubmatch(braces, -1) {
		all[m[1]] = true
	}
	return all
}
