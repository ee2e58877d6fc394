package tomledit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"sluice/tui/tomledit"
)

func TestSet(t *testing.T) {
	for name, c := range map[string]struct{ before, after string }{
		"an empty file":         {"", "[filters]\nslow = \"ms>500\"\n"},
		"no such table":         {"# mine\nwrap = true # yes", "# mine\nwrap = true # yes\n\n[filters]\nslow = \"ms>500\"\n"},
		"a table":               {"[filters]\na = \"b\" # c\n\n[keys]\nup = [\"u\"]\n", "[filters]\na = \"b\" # c\nslow = \"ms>500\"\n\n[keys]\nup = [\"u\"]\n"},
		"a table without a key": {"[filters]\n[keys]\n", "[filters]\nslow = \"ms>500\"\n[keys]\n"},
		"the end of the file":   {"[filters] # named\na = \"b\"", "[filters] # named\na = \"b\"\nslow = \"ms>500\"\n"},
		"another value":         {"[filters]\nslow = \"ms>1\" # old\nb = \"c\"\n", "[filters]\nslow = \"ms>500\"\nb = \"c\"\n"},
		"a quoted key":          {"[\"filters\"]\n  \"slow\" = 'ms>1'\n", "[\"filters\"]\nslow = \"ms>500\"\n"},
		"a byte order mark":     {"\xef\xbb\xbfa = 1\n", "\xef\xbb\xbfa = 1\n\n[filters]\nslow = \"ms>500\"\n"},
		"the same key elsewhere": {
			"[keys]\nslow = 1\n[filters]\na = 1\n[filters.slower]\nslow = 3\n",
			"[keys]\nslow = 1\n[filters]\na = 1\nslow = \"ms>500\"\n[filters.slower]\nslow = 3\n",
		},
	} {
		if got, err := tomledit.Set([]byte(c.before), "filters", "slow", `"ms>500"`); err != nil || string(got) != c.after {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for name, c := range map[string]struct{ before, table, key, value, want string }{
		"no TOML":              {"wrap =", "filters", "slow", `"x"`, "cannot be read as TOML"},
		"an inline table":      {"filters = { a = \"b\" }\n", "filters", "slow", `"x"`, `put this line there yourself: slow = "x"`},
		"no table":             {"filters = 3\n", "filters", "slow", `"x"`, "put this line there yourself"},
		"a value of two lines": {"[filters]\nslow = \"\"\"\na\n\"\"\"\n", "filters", "slow", `"x"`, "put this line there yourself"},
		"no value":             {"", "filters", "slow", `x`, "no value of TOML"},
	} {
		if got, err := tomledit.Set([]byte(c.before), c.table, c.key, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestAFileKeepsItsPlaceAndPermissions(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "dotfiles", "client.toml"), filepath.Join(dir, "client.toml")
	if err := tomledit.SetFile(real, "filters", "a", `"b"`); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(real, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if err := tomledit.SetFile(link, "filters", "c d", `"e"`); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(real)
	if err != nil || string(data) != "[filters]\na = \"b\"\n\"c d\" = \"e\"\n" {
		t.Fatalf("%q, %v", data, err)
	}
	info, _ := os.Lstat(link)
	target, _ := os.Stat(real)
	if info.Mode().Type() != os.ModeSymlink || target.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), target.Mode())
	}
	if left, _ := os.ReadDir(filepath.Dir(real)); len(left) != 1 {
		t.Errorf("%d files are left", len(left))
	}
	if err := tomledit.SetFile(dir, "a", "b", "1"); err == nil {
		t.Error("a directory was changed")
	}
}

// Whatever stands in a file, what is set is there then, and all else as it was.
func FuzzSet(f *testing.F) {
	for _, seed := range []string{"", "[filters]\nslow = 1\n", "a = 1\n[[x]]\n[filters.b]\nc = \"\"\"\n[filters]\n\"\"\"\n", "filters.a = 1\n", "[filters]\r\na=1\r\n"} {
		f.Add([]byte(seed), "slow", "ms>500 \"x\"")
	}
	f.Fuzz(func(t *testing.T, data []byte, key, text string) {
		out, err := tomledit.Set(data, "filters", key, tomledit.Quote(text))
		if err != nil {
			return
		}
		var before, after map[string]any
		if err := toml.Unmarshal(bytes.TrimPrefix(out, []byte("\xef\xbb\xbf")), &after); err != nil {
			t.Fatalf("%q became %q: %v", data, out, err)
		}
		table := after["filters"].(map[string]any)
		if got := table[strings.ToValidUTF8(key, "\uFFFD")]; got != strings.ToValidUTF8(text, "\uFFFD") {
			t.Fatalf("%q is %q", text, got)
		}
		_ = toml.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &before)
		delete(after, "filters")
		delete(before, "filters")
		if len(before)+len(after) > 0 && !reflect.DeepEqual(before, after) {
			t.Fatalf("%q became %q", data, out)
		}
	})
}
