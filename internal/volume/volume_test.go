package volume_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Check stands where make check finds it: in the line after "func Test…".
func TestCheckStandsFirst(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		before := ""
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "\tvolume.Check(t)") {
				found++
				if !strings.HasPrefix(before, "func Test") {
					t.Errorf("%s: Check stands after %q", path, before)
				}
			} else if strings.Contains(line, "\tvolume.Check(") {
				t.Errorf("%s: %q", path, line)
			}
			before = line
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no test proves by volume")
	}
}
