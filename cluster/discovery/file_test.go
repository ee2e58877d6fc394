package discovery_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/discovery"
)

func fileFinder(t *testing.T, path string) discovery.Finder {
	t.Helper()
	f, err := discovery.File(path)
	if err != nil {
		t.Fatal(err)
	}
	return discovery.Quick(f, time.Second)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A file may come later, change, be wrong for a while, and go.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	f := fileFinder(t, path)
	w := watch(t, f)
	w.until("it to say that the file is missing", func(f discovery.Found) bool { return !f.Known && strings.Contains(f.Trouble, path+" is not there") })
	write(t, path, "# ours\n\ntcp://10.0.0.1:5552 name=vm-1 # the first\n  tcp://10.0.0.2:5552\r\nipc:///run/sluice/s key="+strings.Repeat("k", 40))
	w.has("ipc:///run/sluice/s", "tcp://10.0.0.1:5552", "tcp://10.0.0.2:5552")
	if c := w.found().Consolidators; c[0].Name != "vm-1" || c[2].Key != strings.Repeat("k", 40) {
		t.Errorf("found %+v", c)
	}
	write(t, path, "tcp://10.0.0.1:5552\ntcp:/10.0.0.2:5552\n")
	w.until("the line that is wrong", func(f discovery.Found) bool {
		return len(f.Consolidators) == 3 && strings.Contains(f.Trouble, "line 2:") && strings.Contains(f.Trouble, "stays")
	})
	write(t, path, "")
	w.has()
	write(t, path, "tcp://10.0.0.1:5552\n")
	w.has("tcp://10.0.0.1:5552")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.until("it to say that the file has gone", func(f discovery.Found) bool {
		return len(f.Consolidators) == 1 && strings.Contains(f.Trouble, "not there")
	})
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	w.until("it to say that it is none", func(f discovery.Found) bool { return strings.Contains(f.Trouble, "no regular file") })
	if p := f.Place(); p.String() != "file "+path {
		t.Errorf("the place is %q", p)
	}
}

// A file that is replaced by a rename, or by switching the link to its folder, as Kubernetes
// does with a ConfigMap, is read again.
func TestFileReplaced(t *testing.T) {
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		must(os.Mkdir(filepath.Join(dir, fmt.Sprintf("..%d", i)), 0o700))
		write(t, filepath.Join(dir, fmt.Sprintf("..%d", i), "list"), fmt.Sprintf("tcp://10.0.0.%d:5552\n", i))
	}
	must(os.Symlink("..0", filepath.Join(dir, "..data")))
	path := filepath.Join(dir, "list")
	must(os.Symlink("..data/list", path))
	w := watch(t, fileFinder(t, path))
	w.has("tcp://10.0.0.0:5552")
	for i := 1; i < 3; i++ {
		must(os.Symlink(fmt.Sprintf("..%d", i), filepath.Join(dir, "..new")))
		must(os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data")))
		w.has(fmt.Sprintf("tcp://10.0.0.%d:5552", i))
	}
	write(t, filepath.Join(dir, "other"), "tcp://10.0.0.9:5552")
	must(os.Rename(filepath.Join(dir, "other"), path))
	w.has("tcp://10.0.0.9:5552")
}

func TestFileRefuses(t *testing.T) {
	for text, wrong := range map[string]string{
		"tcp://a:1\ntcp://b:1\ntcp://a:1":            "line 3: tcp://a:1 stands in line 1 already",
		"tcp://a:1 name=x\ntcp://b:1 name=x":         "line 2: name=x stands in line 1 already",
		"tcp://a:1 vm-1":                             `"vm-1" is not understood`,
		"tcp://a:1 name=":                            `"name=" is not understood`,
		"tcp://a:1 name=a name=b":                    `"name=b" is not understood`,
		"tcp://a:1 key=abc":                          "no public key",
		"name=a":                                     "tcp://HOST",
		"tcp://*:5552":                               "names no machine",
		"tcp://a\x1b[2J:1":                           "control character",
		"tcp://a:1 name=\x1b":                        "control character",
		"tcp://a:1 name=" + strings.Repeat("x", 256): "longer than",
		"tcp://" + strings.Repeat("x", 300) + ":1":   "bytes",
		"#" + strings.Repeat("x", 2000):              "want at most",
		strings.Repeat("\n", 7) + "x":                "line 8:",
		many(discovery.Max + 1):                      "more than 1024",
	} {
		if list, err := discovery.ParseFile(text); err == nil || !strings.Contains(err.Error(), wrong) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%.40q: %v, %v; want an error with %s", text, list, err, wrong)
		}
	}
	if list, err := discovery.ParseFile(many(discovery.Max)); err != nil || len(list) != discovery.Max {
		t.Errorf("%d of as many as may be: %v", len(list), err)
	}
	if _, err := discovery.File(t.TempDir()); err == nil {
		t.Error("a folder is taken for a file")
	}
	if _, err := discovery.File(""); err == nil {
		t.Error("no name is taken for a file")
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "tcp://10.0.%d.%d:5552\n", i>>8, i&255)
	}
	return b.String()
}

// What is known stays in a set that is too large.
func TestBound(t *testing.T) {
	list, err := discovery.ParseFile(many(discovery.Max))
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(discovery.At("tcp://0:1", "tcp://1:1"), list)
	kept, left := discovery.Bound(all, list[5:])
	if left != 2 || len(kept) != discovery.Max {
		t.Fatalf("%d kept, %d left out", len(kept), left)
	}
	for _, c := range list[5:] {
		if !slices.Contains(kept, c) {
			t.Fatalf("%s was known, and is left out", c.Subscribe)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add("tcp://10.0.0.1:5552 name=vm-1 # first\nipc:///run/s\n")
	f.Add("tcp://a:1 key=" + strings.Repeat("k", 40))
	f.Fuzz(func(t *testing.T, text string) {
		list, err := discovery.ParseFile(text)
		if err != nil {
			if strings.ContainsRune(err.Error(), '\x1b') {
				t.Errorf("the error has an escape sequence: %q", err)
			}
			return
		}
		for _, c := range list {
			if err := discovery.Check(c); err != nil {
				t.Errorf("%+v is taken, and %v", c, err)
			}
		}
	})
}
