package bookmark_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/tui/bookmark"
)

var at = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func TestKeptInAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "bookmarks")
	if all, bad, err := bookmark.Load(path); len(all) > 0 || bad > 0 || err != nil {
		t.Fatalf("no file is %v, %d, %v", all, bad, err)
	}
	want := []bookmark.Bookmark{
		{Time: at, Stream: "system", Message: "a\nb \x1b[2J", Comment: "the first", Data: `{"msg":1}`, Made: at},
		{Time: at.Add(time.Second), Stream: "system", Message: "large", Data: strings.Repeat("x", 400<<10), Made: at},
	}
	if err := bookmark.Save(path, want); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.WriteString("{\n\nnull\n{}\n")
	_ = file.Close()
	all, bad, err := bookmark.Load(path)
	if err != nil || len(all) != 2 || bad != 3 || all[0] != want[0] || all[1].Data != "" || all[1].Message != "large" {
		t.Errorf("%+v, %d, %v", all, bad, err)
	}
	if err := bookmark.Save(filepath.Dir(path), nil); err == nil {
		t.Error("a directory was written")
	}
}

func TestTheTimeline(t *testing.T) {
	got := bookmark.Markdown([]bookmark.Bookmark{
		{Time: at.Add(13 * time.Hour), Stream: "tenant/acme", Message: "`quoted` [x](y)"},
		{Time: at, Stream: "system", Source: "vm-1", Level: "error", Message: "pool\nis \x1b[2J empty", Comment: "it begins *here*\n# not a heading"},
	}, time.UTC)
	want := "# Timeline\n\n## Wednesday, 4 March 2026 (+00:00)\n\n" +
		"- **12:00:00.000** it begins \\*here\\*␊\\# not a heading\n  `system vm-1 ERROR pool␊is ␛[2J empty`\n" +
		"\n## Thursday, 5 March 2026 (+00:00)\n\n- **01:00:00.000** (+13h0m0s)\n  `` tenant/acme `quoted` [x](y) ``\n"
	if got != want {
		t.Errorf("it is\n%s\nwant\n%s", got, want)
	}
}

// Whatever is in a file is read without harm, and is the same when it is written again.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"time":"2026-03-04T12:00:00Z","stream":"a","message":"b"}` + "\nx\n"))
	f.Add([]byte("null\n{}\n[]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "bookmarks")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		first, _, err := bookmark.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(bookmark.Markdown(first, time.UTC), "\x1b\x07\u202e") {
			t.Fatal("it acts on a terminal")
		}
		if err := bookmark.Save(path, first); err != nil {
			return // a year that JSON has not
		}
		again, bad, err := bookmark.Load(path)
		if err != nil || bad > 0 || len(again) != len(first) {
			t.Fatalf("%d of %d are read again, %d bad, %v", len(again), len(first), bad, err)
		}
		for i := range again {
			if again[i].Data == "" { // it was too long
				first[i].Data = ""
			}
			if again[i] != first[i] {
				t.Fatalf("%+v has become %+v", first[i], again[i])
			}
		}
	})
}
