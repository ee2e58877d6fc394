package collector_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice/headless/collector"
	"sluice/headless/shipper"
	"sluice/internal/figures"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

const kubelet = "/containers/{pod}_{namespace}_{container}-*.log=tenant/{namespace}"

// cri is a line as containerd keeps it.
func cri(text string) string { return "2026-01-01T00:00:00.5Z stdout F " + text }

// pod makes a container's log as the kubelet does, and returns its file.
func pod(t testing.TB, dir, name, namespace, container string, lines ...string) (file, link string) {
	t.Helper()
	file = filepath.Join(dir, "pods", namespace+"_"+name+"_uid", container, "0.log")
	link = filepath.Join(dir, "containers", name+"_"+namespace+"_"+container+"-0123abcd.log")
	put(t, file, lines...)
	if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	return file, link
}

// Containers that come, rotate, and go are collected into the streams of their
// namespaces, whether their folders were there or not.
func TestContainers(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	dir := t.TempDir()
	r := collect(t, to, collector.Config{Files: files(t, dir+kubelet), Format: shipper.Auto, State: filepath.Join(dir, "state")})
	file, _ := pod(t, dir, "web-0", "acme", "api-server", cri(`{"msg":"one"}`))
	r.acknowledged(1)
	gone, link := pod(t, dir, "db-0", "globex", "pg", cri(`{"level":"warn","msg":"two"}`), cri(`{"msg":"three"}`))
	r.acknowledged(3)
	if err := os.Rename(file, file+".20260101"); err != nil {
		t.Fatal(err)
	}
	put(t, file, cri(`{"msg":"four"}`))
	r.acknowledged(4)
	for _, path := range []string{link, gone} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	r.end()
	if got := messages(t, at, "tenant/acme", 2); !slices.Equal(got, []string{"one", "four"}) {
		t.Errorf("acme: %q", got)
	}
	got := stands(t, at, "tenant/globex", 2)
	if got[0].Msg != "two" || got[1].Msg != "three" || got[0].Name != "pg" || got[0].Hostname != "vm-1" || field(got[0], "pod") != `"db-0"` ||
		field(got[1], "stream") != `"stdout"` || got[1].Time.Format("15:04:05.0") != "00:00:00.5" {
		t.Errorf("globex: %+v", got)
	}
	if !strings.HasPrefix(stands(t, at, "tenant/acme", 1)[0].Name, "api-server") {
		t.Errorf("the container is called %q", stands(t, at, "tenant/acme", 1)[0].Name)
	}

	// Another run goes on there.
	put(t, file, cri(`{"msg":"five"}`))
	pod(t, dir, "new", "acme", "x", cri(`{"msg":"six"}`))
	r = collect(t, to, collector.Config{Files: files(t, dir+kubelet), Format: shipper.Auto, State: filepath.Join(dir, "state")})
	r.acknowledged(2)
	if s := r.end(); s.Records != 2 {
		t.Errorf("another run publishes %d records; it says:\n%s", s.Records, r.words())
	}
}

// The first rule that a file matches counts; a file that no stream can be named for
// is refused, and the others are collected.
func TestRulesOfFiles(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	dir := t.TempDir()
	put(t, dir+"/special.log", `{"msg":"one"}`)
	put(t, dir+"/other.log", `{"msg":"two"}`)
	put(t, dir+"/tenants/acme-staging-web.log", "not acme's")
	put(t, dir+"/tenants/globex-web.log", `{"msg":"three"}`)
	put(t, dir+"/tenants/%2F..-web.log", `{"msg":"four"}`)
	put(t, dir+"/folder.log/x.txt", "none")
	r := collect(t, to, collector.Config{Files: files(t,
		dir+"/special.log=system/special", dir+"/{name}.log=system/{name}", dir+"/tenants/{tenant}-{app}.log=tenant/{tenant}")})
	r.acknowledged(4)
	r.said("are different streams: say what it cannot hold")
	s, err := r.stop()
	if err == nil || s.Unnamed != 1 || s.Records != 4 {
		t.Errorf("%+v: %v", s, err)
	}
	for stream, want := range map[string]string{"system/special": "one", "system/other": "two", "tenant/globex": "three", "tenant/%252F..": "four"} {
		if got := messages(t, at, stream, 1); got[0] != want {
			t.Errorf("%s: %q", stream, got)
		}
	}
}

// More files than may be open are all read, and what is written to one that was
// closed for another is read, too.
func TestMoreFilesThanMayBeOpen(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	dir := t.TempDir()
	const n = 6
	path := func(i int) string { return fmt.Sprintf("%s/%d/app.log", dir, i) }
	for i := range n {
		put(t, path(i), `{"msg":"first"}`)
	}
	r := collect(t, to, collector.Config{Files: files(t, dir+"/{app}/*.log=system/{app}"), OpenFiles: 2})
	r.acknowledged(n)
	for i := range n {
		put(t, path(i), `{"msg":"second"}`)
	}
	r.acknowledged(2 * n)
	if s := r.end(); s.Records != 2*n {
		t.Errorf("%+v", s)
	}
	for i := range n {
		if got := messages(t, at, fmt.Sprintf("system/%d", i), 2); !slices.Equal(got, []string{"first", "second"}) {
			t.Errorf("%d: %q", i, got)
		}
	}
}

// Thousands of files take turns when few may be open, and all of them are read, once.
func TestThousandsOfFiles(t *testing.T) {
	volume.Check(t)
	to, _ := pump(t)
	dir := t.TempDir()
	const n = 2000
	path := func(i int) string { return fmt.Sprintf("%s/%d/app.log", dir, i) }
	for i := range n {
		put(t, path(i), `{"msg":"first"}`)
	}
	cfg := collector.Config{Files: files(t, dir+"/{app}/*.log=system/{app}"), OpenFiles: 200, State: filepath.Join(dir, "state")}
	r := collect(t, to, cfg)
	r.acknowledged(n)
	for i := range n {
		put(t, path(i), `{"msg":"second"}`)
	}
	r.acknowledged(2 * n)
	if s := r.end(); s.Records != 2*n {
		t.Errorf("%+v", s)
	}
	put(t, path(0), `{"msg":"third"}`)
	r = collect(t, to, cfg)
	r.acknowledged(1)
	if s := r.end(); s.Records != 1 {
		t.Errorf("another run publishes %+v; it says %.1000s", s, r.words())
	}
}

// Directories beyond those that may be open are looked at rather than watched, which is
// said, and their files are read all the same.
func TestMoreDirectoriesThanMayBeOpen(t *testing.T) {
	t.Parallel()
	to, _ := pump(t)
	dir := t.TempDir()
	const n = 6
	path := func(i int) string { return fmt.Sprintf("%s/%d/app.log", dir, i) }
	for i := range n {
		put(t, path(i), `{"msg":"first"}`)
	}
	r := collect(t, to, collector.Config{Files: files(t, dir+"/{app}/*.log=system/{app}"), OpenDirs: 3})
	r.acknowledged(n)
	r.said("more directories than may be open: beyond 3 they are looked at")
	for i := range n {
		put(t, path(i), `{"msg":"second"}`)
	}
	r.acknowledged(2 * n)
	if s := r.end(); s.Records != 2*n {
		t.Errorf("%+v", s)
	}
}

// Names that are gone are forgotten, so that those of containers of a year ago take no
// memory; a name that comes again is found again.
func TestNamesAreForgotten(t *testing.T) {
	t.Parallel()
	to, _ := pump(t)
	dir := t.TempDir()
	r := collect(t, to, collector.Config{Files: files(t, dir+"/*.log=system/x"), Admin: "127.0.0.1:0"})
	put(t, dir+"/stays.log", `{"msg":"one"}`)
	r.acknowledged(1)
	names := func(n int) {
		t.Helper()
		wait.For(t, fmt.Sprintf("%d names", n), func() bool { return collector.Standing(r.Collector).Names == n })
	}
	names(1)
	link := filepath.Join(dir, "link.log")
	if err := os.Symlink(filepath.Join(dir, "nothing"), link); err != nil {
		t.Fatal(err)
	}
	names(2)
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	names(1)
	put(t, link, `{"msg":"two"}`)
	r.acknowledged(2)
	_, _ = r.stop() // a link that came and went may have led to a file
}

func TestParseFilesRefuses(t *testing.T) {
	for text, why := range map[string]string{
		"": "no stream", "/var/log/x.log": "no stream", "/a/*.log={x}": "has none of that name", "/a/{x}.log=tenant/{x": "hole", "/a/=x": "folder", "=x": "no stream",
	} {
		if _, err := collector.ParseFiles(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, expected something about %q", text, err, why)
		}
	}
	f, err := collector.ParseFiles("/a/{x:[^=]}=b.log=tenant/{x}")
	if err != nil || f.Stream.String() != "tenant/{x}" {
		t.Errorf("%+v: %v", f, err)
	}
}

// Every figure stands in the documentation.
func TestFigures(t *testing.T) {
	t.Parallel()
	to, _ := pump(t)
	dir := t.TempDir()
	r := collect(t, to, collector.Config{Files: files(t, dir+"/*.log=system/x"), Syslog: syslogs(t, "udp://127.0.0.1:0=system/{app}"), OTLP: exported(t, "otlp"), Admin: "127.0.0.1:0"})
	put(t, dir+"/app.log", `{"msg":"one"}`)
	r.acknowledged(1)
	figures.Wait(t, r.AdminAddr(), "sluice_collector", map[string]float64{`records_total{outcome="acknowledged"}`: 1, "files": 1, "connected": 1})
	figures.Used(t, r.AdminAddr(), "sluice_collector", "../../deploy/prometheus/alerts.yml", "../../deploy/grafana/sluice.json")
	if n := figures.Explained(t, r.AdminAddr(), "sluice_collector", "../../docs/collecting.md"); n < 10 {
		t.Errorf("%d figures are explained", n)
	}
}
