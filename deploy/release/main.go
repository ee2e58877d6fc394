package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// platforms are those that are released.
const platforms = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64"

func main() {
	var r release
	var date, of string
	flag.StringVar(&r.version, "version", "", "the version, as in v1.2.0; empty: one of the commit and its date")
	flag.StringVar(&r.commit, "commit", "", "the commit that it is built from")
	flag.StringVar(&date, "date", "", "when that was made, RFC 3339; SOURCE_DATE_EPOCH overrules it for the dates of files")
	flag.StringVar(&r.out, "out", "dist", "the folder for all of it, which is emptied before")
	flag.StringVar(&of, "platforms", platforms, "for which platforms")
	flag.Parse()
	r.platforms = strings.Split(of, ",")
	if err := r.dated(date, os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		fail(err)
	}
	if err := r.make(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "release: %v\n", err)
	os.Exit(1)
}

// release is what is built.
type release struct {
	version, commit string
	date            time.Time // of the commit
	filed           time.Time // of the files
	platforms       []string  // GOOS/GOARCH
	out             string
}

// dated reads the date of the commit and SOURCE_DATE_EPOCH.
func (r *release) dated(date, epoch string) (err error) {
	if r.date, err = time.Parse(time.RFC3339, date); err != nil {
		return fmt.Errorf("-date %q: give the date of the commit, as `git log -1 --format=%%cI` prints it", date)
	}
	r.date = r.date.UTC()
	r.filed = r.date
	if epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return fmt.Errorf("SOURCE_DATE_EPOCH %q is no number of seconds", epoch)
		}
		r.filed = time.Unix(seconds, 0).UTC()
	}
	return nil
}

// make builds everything into the folder.
func (r *release) make() error {
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "sluice-release")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	words, err := r.describe(work)
	if err != nil {
		return err
	}
	for _, platform := range r.platforms {
		if err := r.pack(platform, work, words); err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
	}
	return sum(r.out)
}

// pack builds one platform's files.
func (r *release) pack(platform, work string, words *words) error {
	system, arch, ok := strings.Cut(platform, "/")
	if !ok {
		return fmt.Errorf("no platform: write GOOS/GOARCH, as in linux/amd64")
	}
	binary := filepath.Join(work, system+"-"+arch)
	if err := r.build(binary, system, arch); err != nil {
		return err
	}
	bom, err := r.bill(binary, words.version)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("sluice-%s-%s-%s", words.version, system, arch)
	if err := os.WriteFile(filepath.Join(r.out, name+".cdx.json"), bom, 0o644); err != nil {
		return err
	}
	archive, err := archiveTree(name, system, binary, words)
	if err != nil {
		return err
	}
	packed, err := archive.pack(r.filed)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.out, name+".tar.gz"), packed, 0o644); err != nil {
		return err
	}
	if system != "linux" {
		return nil
	}
	tree, err := packageTree(binary, bom, words, r.filed)
	if err != nil {
		return err
	}
	version := debianVersion(words.version)
	deb, err := debianPackage(tree, version, arch, r.filed)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, fmt.Sprintf("sluice_%s_%s.deb", version, arch)), deb, 0o644)
}
