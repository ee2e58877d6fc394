package recent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluice/internal/volume"
	"sluice/tui/recent"
)

func TestKeptFromOneRunToTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "history")
	first := &recent.File{Path: path}
	if texts, err := first.Load(); err != nil || texts != nil {
		t.Fatalf("no file is %v, %v", texts, err)
	}
	for _, text := range []string{"timeout", `"two words"`, "timeout", "ü\u0085", "a\nb"} {
		if err := first.Add("search", text); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Add("filter", "tenant=acme"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the file is %v, %v", info.Mode(), err)
	}
	second := &recent.File{Path: path}
	texts, err := second.Load()
	if err != nil || !slices.Equal(texts["search"], []string{`"two words"`, "timeout"}) || !slices.Equal(texts["filter"], []string{"tenant=acme"}) {
		t.Fatalf("loaded %q, %v", texts, err)
	}
	left, _ := os.ReadDir(filepath.Dir(path))
	if len(left) != 1 {
		t.Fatalf("%d files are left", len(left))
	}
}

func TestBounded(t *testing.T) {
	volume.Check(t)
	f := &recent.File{Path: filepath.Join(t.TempDir(), "history")}
	for i := range recent.MaxTexts + 5 {
		if err := f.Add("search", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	_ = f.Add("search", strings.Repeat("x", 1<<20))
	texts, err := f.Load()
	if err != nil || len(texts["search"]) != recent.MaxTexts || texts["search"][0] != "5" {
		t.Fatalf("%d texts from %q on, %v", len(texts["search"]), texts["search"][0], err)
	}
}

func TestSeveralAddAtOnce(t *testing.T) {
	f := &recent.File{Path: filepath.Join(t.TempDir(), "history")}
	var adding sync.WaitGroup
	for i := range 20 {
		adding.Go(func() { _ = f.Add("search", fmt.Sprint(i)) })
	}
	adding.Wait()
	if texts, err := f.Load(); err != nil || len(texts["search"]) != 20 {
		t.Fatalf("%q, %v", texts, err)
	}
}

func TestSecretsAreNotKept(t *testing.T) {
	f := &recent.File{Path: filepath.Join(t.TempDir(), "history")}
	for _, text := range []string{
		"password=hunter2", "req.headers.authorization~Bearer", `token~"^abc"`, "curl -u https://joe:hunter2@example.com",
		"mysql --password x", "api_key in (1,2)", "Authorization: Basic abcd", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0",
		"AKIAIOSFODNN7EXAMPLE", " kept from the history", "jq --token abc", "secretKey!=1", "-----BEGIN RSA",
	} {
		if err := f.Add("filter", text); err != nil {
			t.Fatal(err)
		}
	}
	if texts, _ := f.Load(); len(texts["filter"]) > 0 {
		t.Errorf("kept %q", texts["filter"])
	}
	for _, text := range []string{"passed", "timeout -health", "status>=500", "the token was refused", "secretary", "10:00", "http://example.com:80/x", "wc -l", "grep -i pass"} {
		if recent.Secret(text) {
			t.Errorf("%q is taken for a secret", text)
		}
	}
}

func TestAFileThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	f := &recent.File{Path: dir}
	if _, err := f.Load(); err == nil {
		t.Error("a directory was read")
	}
	if err := f.Add("search", "x"); err == nil || !strings.Contains(err.Error(), "what was typed") {
		t.Errorf("added to a directory: %v", err)
	}
	if err := (&recent.File{}).Add("search", "x"); err != nil {
		t.Error(err)
	}
}

// Whatever is in the file, what is read of it can be written, and is the same then.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{"search\ttimeout\n", "a\tb\na\tb\nc\n", "\t\n", "x\ty\tz\nq", "\xff\tb\n", strings.Repeat("k\tv\n", 200)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "history")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file := &recent.File{Path: path}
		before, err := file.Load()
		if err != nil {
			t.Fatal(err)
		}
		if err := file.Add("a-kind", "of text"); err != nil {
			t.Fatal(err)
		}
		after, err := file.Load()
		if err != nil {
			t.Fatal(err)
		}
		for kind, texts := range before {
			if kind != "a-kind" && !slices.Equal(texts, after[kind]) {
				t.Fatalf("%q of %q became %q", texts, kind, after[kind])
			}
			if len(texts) > recent.MaxTexts {
				t.Fatalf("%d texts", len(texts))
			}
		}
		if len(before) < 32 && !slices.Contains(after["a-kind"], "of text") {
			t.Fatalf("%q", after)
		}
	})
}
