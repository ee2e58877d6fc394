package deploy_test

import (
	"os"
	"path/filepath"
	"testing"
)

// files are those that match a pattern; there is one.
func files(t testing.TB, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("no file is %s", pattern)
	}
	return names
}

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// install copies a file, as install -D does.
func install(t testing.TB, from, to string, mode os.FileMode) {
	t.Helper()
	write(t, to, read(t, from))
	if err := os.Chmod(to, mode); err != nil {
		t.Fatal(err)
	}
}
