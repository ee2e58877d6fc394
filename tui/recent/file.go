package recent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Bounds: of texts of one kind, of a text in bytes, of kinds, and of a file in bytes.
const (
	MaxTexts = 100
	maxText  = 4 << 10
	maxKinds = 32
	maxFile  = maxKinds * MaxTexts * maxText
)

// File is where texts are kept.
type File struct {
	Path string // "" keeps nothing

	mu sync.Mutex
}

// Load returns the texts by kind, the newest last. That there is no file is no error;
// lines that cannot be understood are passed over.
func (f *File) Load() (map[string][]string, error) {
	if f.Path == "" {
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.load()
}

func (f *File) load() (map[string][]string, error) {
	file, err := os.Open(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what was typed before: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return nil, fmt.Errorf("read what was typed before: %w", err)
	}
	return parse(data), nil
}

// parse reads lines of a kind, a tab and a text.
func parse(data []byte) map[string][]string {
	texts := make(map[string][]string)
	for line := range bytes.Lines(data) {
		kind, text, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), "\t")
		if !ok || kind == "" || !writable(kind) || !writable(text) {
			continue
		}
		if _, known := texts[kind]; !known && len(texts) == maxKinds {
			continue
		}
		texts[kind] = With(texts[kind], text)
	}
	return texts
}

// writable reports whether a text can stand on a line of the file.
func writable(text string) bool {
	return text != "" && len(text) <= maxText && utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0
}

// With returns texts with another one as the newest, which is not kept twice; of too
// many the oldest goes. It may change texts.
func With(texts []string, text string) []string {
	if i := slices.Index(texts, text); i >= 0 {
		texts = slices.Delete(texts, i, i+1)
	}
	texts = append(texts, text)
	return texts[max(len(texts)-MaxTexts, 0):]
}

// Add adds a text, unless it looks like a secret or begins with a blank, by which one
// asks, as in a shell, not to keep it.
func (f *File) Add(kind, text string) error {
	if f.Path == "" || strings.HasPrefix(text, " ") || Secret(text) || !writable(kind) || !writable(text) {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	texts, err := f.load()
	if err != nil {
		return err
	}
	if texts == nil {
		texts = make(map[string][]string)
	}
	texts[kind] = With(texts[kind], text)
	if err := f.save(texts); err != nil {
		return fmt.Errorf("keep what was typed: %w", err)
	}
	return nil
}

func (f *File) save(texts map[string][]string) error {
	var out bytes.Buffer
	kinds := make([]string, 0, len(texts))
	for kind := range texts {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		for _, text := range texts[kind] {
			fmt.Fprintf(&out, "%s\t%s\n", kind, text)
		}
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(f.Path), filepath.Base(f.Path)+".*") // readable by its owner only
	if err != nil {
		return err
	}
	_, err = fresh.Write(out.Bytes())
	if err = errors.Join(err, fresh.Close()); err == nil {
		err = os.Rename(fresh.Name(), f.Path)
	}
	if err != nil {
		_ = os.Remove(fresh.Name())
	}
	return err
}
