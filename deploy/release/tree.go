package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tree is the files of an archive, by their paths.
type tree map[string]file

type file struct {
	content []byte
	mode    int64
}

// add adds a file, with a mode of 0644.
func (t tree) add(name string, content []byte) { t[name] = file{content, 0o644} }

// copy adds a file of this repository, or of elsewhere.
func (t tree) copy(name, from string, mode int64) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	t[name] = file{content, mode}
	return nil
}

// copyAll adds the files of this repository that match a pattern to a folder.
func (t tree) copyAll(folder, pattern string) error {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no %s: run it in the project's folder", pattern)
	}
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.IsDir() {
			continue
		}
		if err := t.copy(path.Join(folder, filepath.Base(name)), name, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pack is a tar.gz of the tree: in the order of the names, of root, of one date.
func (t tree) pack(date time.Time) ([]byte, error) {
	var packed bytes.Buffer
	zip := gzipWriter(&packed)
	w := tar.NewWriter(zip)
	made := map[string]bool{".": true}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if err := t.packFolders(w, path.Dir(name), made, date); err != nil {
			return nil, err
		}
		f := t[name]
		err := w.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: name, Mode: f.mode, Size: int64(len(f.content)),
			ModTime: date, Uname: "root", Gname: "root", Format: tar.FormatGNU,
		})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// packFolders packs a folder and those above it, unless they are.
func (t tree) packFolders(w *tar.Writer, folder string, made map[string]bool, date time.Time) error {
	if made[folder] {
		return nil
	}
	if err := t.packFolders(w, path.Dir(folder), made, date); err != nil {
		return err
	}
	made[folder] = true
	return w.WriteHeader(&tar.Header{
		Typeflag: tar.TypeDir, Name: strings.TrimSuffix(folder, "/") + "/", Mode: 0o755,
		ModTime: date, Uname: "root", Gname: "root", Format: tar.FormatGNU,
	})
}

func gzipWriter(to *bytes.Buffer) *gzip.Writer {
	w, _ := gzip.NewWriterLevel(to, gzip.BestCompression) // which is a level
	return w
}

// zipped is a file as gzip -n packs it.
func zipped(content []byte) ([]byte, error) {
	var packed bytes.Buffer
	w := gzipWriter(&packed)
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// archiveTree is what the archive of a platform has, in one folder.
func archiveTree(folder, system, binary string, w *words) (tree, error) {
	t := make(tree)
	if err := t.copy(path.Join(folder, "sluice"), binary, 0o755); err != nil {
		return nil, err
	}
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		if err := t.copy(path.Join(folder, name), name, 0o644); err != nil {
			return nil, err
		}
	}
	copies := map[string]string{
		"docs": "docs/*.md", "deploy/kubernetes": "deploy/kubernetes/*", "deploy/prometheus": "deploy/prometheus/*", "deploy/grafana": "deploy/grafana/*",
	}
	if system == "linux" {
		copies["deploy/systemd"], copies["deploy/systemd/default"] = "deploy/systemd/*", "deploy/systemd/default/*"
	}
	for to, pattern := range copies {
		if err := t.copyAll(path.Join(folder, to), pattern); err != nil {
			return nil, err
		}
	}
	for name, page := range w.pages {
		t.add(path.Join(folder, "man", name), page)
	}
	for shell, name := range map[string]string{"bash": "sluice.bash", "zsh": "_sluice", "fish": "sluice.fish"} {
		t.add(path.Join(folder, "completions", name), w.completions[shell])
	}
	return t, nil
}
