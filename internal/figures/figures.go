// Package figures reads the metrics of a running program inside tests.
package figures

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"sluice/internal/request"
	"sluice/internal/wait"
)

// Of are the figures that the admin endpoint at an address serves, by series. The
// names are without the namespace, as in `connections{kind="publisher"}`; those of the
// process have their whole name.
func Of(t testing.TB, addr, namespace string) map[string]float64 {
	t.Helper()
	all := make(map[string]float64)
	for line := range strings.Lines(text(t, addr)) {
		if line[0] == '#' {
			continue
		}
		series, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		all[strings.TrimPrefix(series, namespace+"_")] = n
	}
	return all
}

// Wait waits until some of the figures are as wanted: a count is made just after
// what it counts.
func Wait(t testing.TB, addr, namespace string, want map[string]float64) {
	t.Helper()
	var all map[string]float64
	wait.Until(func() bool {
		all = Of(t, addr, namespace)
		for series, n := range want {
			if have, there := all[series]; !there || have != n {
				return false
			}
		}
		return true
	})
	Check(t, all, want)
}

// Check compares some of the figures with what is wanted.
func Check(t testing.TB, all, want map[string]float64) {
	t.Helper()
	for series, n := range want {
		if have, there := all[series]; !there || have != n {
			t.Errorf("%s is %v (there: %v), want %v", series, have, there, n)
		}
	}
}

// Explained checks that the metrics of a namespace are named as Prometheus wants, and
// that a page explains each in a table, and no other. It returns how many they are.
func Explained(t testing.TB, addr, namespace, page string) int {
	t.Helper()
	body := text(t, addr)
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "sluice_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	words, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	name := "(" + namespace + "_[a-z_]+)"
	explained, served := names("(?m)^\\| `"+name, string(words)), names("(?m)^# TYPE "+name, body)
	for n := range served {
		if !explained[n] {
			t.Errorf("%s does not explain %s", filepath.Base(page), n)
		}
	}
	for n := range explained {
		if !served[n] {
			t.Errorf("%s explains %s, which is not served", filepath.Base(page), n)
		}
	}
	return len(served)
}

func names(expression, text string) map[string]bool {
	all := make(map[string]bool)
	for _, m := range regexp.MustCompile(expression).FindAllStringSubmatch(text, -1) {
		all[m[1]] = true
	}
	return all
}

func text(t testing.TB, addr string) string {
	t.Helper()
	status, body := request.Do(t, "GET", "http://"+addr+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("/metrics answers %d: %s", status, body)
	}
	return body
}
