package curve_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/zmtp/curve"
	"sluice/internal/foreign"
	"sluice/internal/testpeer"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What keygen writes is read again, by its owner alone, and is never written over.
func TestPairsInFiles(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "vm-1")
	pair := newPair(t)
	secret, public, err := pair.Write(name)
	if err != nil || secret != name+".key" || public != name+".pub" {
		t.Fatalf("wrote %q and %q: %v", secret, public, err)
	}
	for path, mode := range map[string]os.FileMode{secret: 0o600, public: 0o644} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&^mode != 0 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	again, err := curve.ReadPair(secret)
	if err != nil || again.Public != pair.Public || again.Secret() != pair.Secret() {
		t.Errorf("read %v, %v", again, err)
	}
	for _, of := range []string{secret, public, pair.Public.String()} {
		if key, err := curve.ReadKey(of); err != nil || key != pair.Public {
			t.Errorf("%s: %v, %v", of, key, err)
		}
	}
	if s := fmt.Sprintf("%v %+v %s", pair, pair, pair); strings.Contains(s, pair.Secret()) || !strings.Contains(s, pair.Public.String()) {
		t.Errorf("a pair is printed as %s", s)
	}
	before, err := os.ReadFile(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{public, secret} {
		if _, _, err := newPair(t).Write(name); err == nil || !strings.Contains(err.Error(), "is there already") {
			t.Errorf("written over: %v", err)
		}
		if after, err := os.ReadFile(secret); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%v, and the secret is another", err)
		}
		if err := os.Rename(gone, gone+".away"); err != nil {
			t.Fatal(err)
		}
		if gone == secret {
			break
		}
	}
	if _, err := curve.ReadPair(public + ".away"); err == nil || !strings.Contains(err.Error(), "has no secret key") {
		t.Errorf("the public half as a pair: %v", err)
	}
}

// Files that zmq.auth has written are read.
func TestCertificatesOfZmqAuth(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "python3-zmq")
	dir := t.TempDir()
	const script = "import sys, zmq.auth; zmq.auth.create_certificates(sys.argv[1], 'app', {'streams': 'tenant/acme tenant/acme/*'})"
	if out, err := exec.Command(foreign.Python, "-c", script, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pair, err := curve.ReadPair(filepath.Join(dir, "app.key_secret"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := curve.ReadKey(filepath.Join(dir, "app.key"))
	if err != nil || key != pair.Public {
		t.Errorf("the public half is %v, want %v: %v", key, pair.Public, err)
	}
	// It puts what it is told of a key into the secret half alone.
	for file, all := range map[string]bool{"app.key": true, "app.key_secret": false} {
		l, err := curve.OpenList(filepath.Join(dir, file), quiet())
		if err != nil {
			t.Fatal(err)
		}
		g := l.Grant(key)
		if len(l.Keys()) != 1 || g == nil || g.All() != all || !g.May("tenant/acme/web") || g.May("tenant/acme2") != all {
			t.Errorf("%s: of %v it may %+v", file, l.Keys(), g)
		}
	}
	if _, err := curve.OpenList(dir, quiet()); err == nil || !strings.Contains(err.Error(), "with other streams") {
		t.Errorf("both in a folder: %v", err)
	}
}

// Lists, certificates and folders say who may what; and what is wrong in them, where.
func TestLists(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := newPair(t).Public, newPair(t).Public
	cert := func(key curve.Key, streams string) string {
		return fmt.Sprintf("metadata\n    streams = \"%s\"\ncurve\n    public-key = \"%s\"\n", streams, key)
	}
	folder := func(name string, files map[string]string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Join(path, "sub"), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			write(t, filepath.Join(path, name), text)
		}
		return path
	}
	may := func(l *curve.List, key curve.Key) string {
		g := l.Grant(key)
		if g == nil {
			return "-"
		}
		var streams []string
		for _, s := range []string{"system", "tenant/acme", "tenant/acme/web", "tenant/acme/a/b"} {
			if g.May(s) {
				streams = append(streams, s)
			}
		}
		return strings.Join(streams, " ")
	}
	const all = "system tenant/acme tenant/acme/web tenant/acme/a/b"
	for name, c := range map[string]struct{ path, a, b string }{
		"list":         {write(t, filepath.Join(dir, "list"), fmt.Sprintf("# who\n\n%s tenant/acme tenant/acme/* # its own\n\t%s\r\n", a, b)), "tenant/acme tenant/acme/web", all},
		"one":          {write(t, filepath.Join(dir, "one"), a.String()), all, "-"},
		"twice":        {write(t, filepath.Join(dir, "twice"), fmt.Sprintf("%s system\n%s system", a, a)), "system", "-"},
		"certificate":  {write(t, filepath.Join(dir, "cert"), cert(b, "tenant/**,system")), "-", all},
		"folder":       {folder("folder", map[string]string{"a": cert(a, "system"), "b": cert(b, "tenant/*"), ".hidden": "junk"}), "system", "tenant/acme"},
		"an old form":  {write(t, filepath.Join(dir, "old"), fmt.Sprintf("# made by hand\ncurve\n    public-key = '%s'\n    other = \"x\n y\"\n", b)), "-", "?"},
		"without name": {write(t, filepath.Join(dir, "nameless"), fmt.Sprintf("curve\npublic-key=%s\n", b)), "-", all},
	} {
		l, err := curve.OpenList(c.path, quiet())
		if c.b == "?" {
			if err == nil || !strings.Contains(err.Error(), "quote that does not end") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := may(l, a) + "; " + may(l, b); got != c.a+"; "+c.b {
			t.Errorf("%s: they may %s, want %s; %s", name, got, c.a, c.b)
		}
	}
	for name, c := range map[string]struct {
		path string
		want []string
	}{
		"missing":         {filepath.Join(dir, "nowhere"), []string{"nowhere", "no such file"}},
		"short key":       {write(t, filepath.Join(dir, "short"), a.String()+"\n"+b.String()[:39]), []string{"line 2", "40 characters"}},
		"bad character":   {write(t, filepath.Join(dir, "bad"), strings.Repeat("~", 40)), []string{"line 1", "not a character of Z85"}},
		"too high":        {write(t, filepath.Join(dir, "high"), strings.Repeat("%", 40)), []string{"line 1", "nothing in Z85"}},
		"zeros":           {write(t, filepath.Join(dir, "zeros"), strings.Repeat("0", 40)), []string{"line 1", "zeros"}},
		"bad pattern":     {write(t, filepath.Join(dir, "pattern"), a.String()+` a\`), []string{"line 1", "backslash"}},
		"two minds":       {write(t, filepath.Join(dir, "minds"), fmt.Sprintf("%s a\n%s b", a, a)), []string{"line 2", "stands twice", "line 1"}},
		"nobody":          {write(t, filepath.Join(dir, "nobody"), "# nobody\n"), []string{"has no key"}},
		"no streams":      {write(t, filepath.Join(dir, "nothing"), cert(a, "")), []string{"no streams are named"}},
		"a bad file":      {folder("mixed", map[string]string{"a": cert(a, "system"), "readme": "hello"}), []string{"readme", "no key"}},
		"not its secret":  {write(t, filepath.Join(dir, "foreign"), fmt.Sprintf("curve\n public-key = \"%s\"\n secret-key = \"%s\"\n", a, newPair(t).Secret())), []string{"does not belong"}},
		"a broken secret": {write(t, filepath.Join(dir, "broken"), "curve\n secret-key = \"topsecret\"\n"), []string{"line 2", "secret key"}},
	} {
		_, err := curve.OpenList(c.path, quiet())
		if err == nil || slices.ContainsFunc(c.want, func(w string) bool { return !strings.Contains(err.Error(), w) }) || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		}
	}
}

// What is given for the keys of servers is read, and what does not fit is said.
func TestKeyrings(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "me")
	own, _, err := newPair(t).Write(name)
	if err != nil {
		t.Fatal(err)
	}
	a, b := newPair(t).Public.String(), newPair(t).Public.String()
	two := []string{"tcp://127.0.0.1:1", "tcp://127.0.0.1:2"}
	at := testpeer.Endpoint(t, two[1])
	for what, c := range map[string]struct {
		own     string
		servers []string
		found   string
		want    string // in the error, or the key
	}{
		"one for all":        {own, []string{a}, b, a},
		"one each":           {own, []string{a, b}, "", b},
		"found":              {own, nil, b, b},
		"not known":          {own, nil, "", "give it by --curve-server"},
		"no pair of our own": {"", []string{a}, "", "sluice keygen"},
		"too many":           {own, []string{a, b, a}, "", "3 servers' keys for 2 endpoints"},
		"no key":             {own, []string{"x"}, "", "neither a key"},
		"no pair":            {name + ".pub", []string{a}, "", "has no secret key"},
	} {
		ring, err := curve.OpenKeyring(c.own, c.servers, two)
		if err == nil {
			m, wrong := ring.Mechanism(at, c.found)
			if err = wrong; err == nil {
				err = errors.New(curve.ServerOf(m).String())
			}
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
	var none *curve.Keyring
	if _, err := none.Mechanism(at, a); err == nil || !strings.Contains(err.Error(), "--curve-key") {
		t.Errorf("a consolidator with a key, and we have none: %v", err)
	}
}
