package tui_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sluice/tui"
	"sluice/tui/query"
)

// The guide names every key that can be changed, its settings can be read, and
// its terms are filters.
func TestTheGuide(t *testing.T) {
	data, err := os.ReadFile("../docs/client.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(data)
	_, names, _ := strings.Cut(guide, "Keys are named ")
	names, _, _ = strings.Cut(names, ".")
	var named []string
	for _, m := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(names, -1) {
		named = append(named, m[1])
	}
	if !slices.Equal(named, tui.KeyNames()) {
		t.Errorf("the guide names the keys %q, there are %q", named, tui.KeyNames())
	}
	_, example, _ := strings.Cut(guide, "```toml\n")
	example, _, _ = strings.Cut(example, "```")
	if s, err := settings(t, example); err != nil || s.Memory != 512 || len(s.Keys) != 2 {
		t.Errorf("the guide's settings are %+v, %v", s, err)
	}
	_, terms, _ := strings.Cut(guide, "| term |")
	terms, _, _ = strings.Cut(terms, "\n\n")
	found := regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|").FindAllStringSubmatch(terms, -1)
	if len(found) < 7 {
		t.Fatalf("the guide has %d rows of terms", len(found))
	}
	for _, row := range found {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			if _, err := query.Parse(m[1]); err != nil {
				t.Errorf("the guide's term %q: %v", m[1], err)
			}
		}
	}
}
