package tui

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"

	"sluice/cluster/record"
)

// Settings are what a user wants to be so each time. The zero value is what the
// client does without them.
type Settings struct {
	Theme  themeChoice         `toml:"theme"`   // "auto", "dark", "light"; auto is as the terminal's background is
	Time   clockMode           `toml:"time"`    // "local", "utc", "ago"
	Panes  arrangement         `toml:"panes"`   // "auto", "beside", "stacked", "tabs"
	Wrap   bool                `toml:"wrap"`    // long records go on below
	Mouse  *bool               `toml:"mouse"`   // nil is true; false leaves the mouse to the terminal
	Level  LevelName           `toml:"level"`   // panes begin with this level and above
	Last   *uint32             `toml:"last"`    // records of backfill; nil is as the command says
	Kept   uint32              `toml:"records"` // records kept; 0 is as the command says
	Memory uint32              `toml:"memory"`  // MiB that they may take; 0 is as the command says
	Forget bool                `toml:"forget"`  // what is typed into prompts is not kept from one run to the next
	Keys   map[string][]string `toml:"keys"`    // other keys, by the names of [KeyNames]

	Filters    map[string]NamedFilter `toml:"filters"`    // by name, offered where a filter is typed
	Highlights map[string]Highlight   `toml:"highlights"` // by name
	Layouts    map[string]Layout      `toml:"layouts"`    // by name

	Alerts map[string]Alert `toml:"alerts"` // by name
	Notify notifyChoice     `toml:"notify"` // how a desktop hears of them: "off", "osc9", "osc777"

	Columns map[string][]string `toml:"columns"` // of rows, by the pattern of streams; see column.Parse
}

// themeChoice is which theme is wanted.
type themeChoice uint8

const (
	themeAuto themeChoice = iota
	themeDark
	themeLight
)

var themeNames = [...]string{"auto", "dark", "light"}

func (c themeChoice) String() string { return themeNames[c] }

// UnmarshalText reads a theme's name.
func (c *themeChoice) UnmarshalText(text []byte) error {
	i := slices.Index(themeNames[:], string(text))
	if i < 0 {
		return noneOf(text, themeNames[:])
	}
	*c = themeChoice(i)
	return nil
}

// LevelName is a level that is read by its name.
type LevelName struct{ record.Level }

// UnmarshalText reads a level's name.
func (l *LevelName) UnmarshalText(text []byte) (err error) {
	l.Level, err = record.ParseLevel(string(text))
	return err
}

// UnmarshalText reads how times are shown.
func (c *clockMode) UnmarshalText(text []byte) error {
	i := slices.Index(clockNames[:], string(text))
	if i < 0 {
		return noneOf(text, clockNames[:])
	}
	*c = clockMode(i)
	return nil
}

// MarshalText writes how times are shown.
func (c clockMode) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads how panes stand.
func (a *arrangement) UnmarshalText(text []byte) error {
	i := slices.Index(arrangementNames[:], string(text))
	if i < 0 {
		return noneOf(text, arrangementNames[:])
	}
	*a = arrangement(i)
	return nil
}

// MarshalText writes how panes stand.
func (a arrangement) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

func noneOf(text []byte, names []string) error {
	return fmt.Errorf("%q is none of %s", text, strings.Join(names, ", "))
}

// maxSettings bounds a file of settings or of a layout, in bytes.
const maxSettings = 1 << 20

// LoadSettings reads a file of settings in TOML. That there is no file is no
// error. A key that is unknown, or has a wrong value, costs that key only: the error
// names it and its line, and the settings are what the others say. Of a file that
// cannot be read, or is no TOML, they are the zero value.
func LoadSettings(path string) (Settings, error) {
	data, err := readSmall(path)
	if err != nil {
		return Settings{}, fmt.Errorf("read the settings: %w", err)
	}
	s, err := parseSettings(data)
	if err != nil {
		err = fmt.Errorf("read the settings: %w, in %s", err, path)
	}
	return s, err
}

// readSmall reads a file; one that is not there is empty.
func readSmall(path string) ([]byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a directory, and no file", path)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxSettings+1))
	if err == nil && len(data) > maxSettings {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxSettings)
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), err // a byte order mark, as some editors write it
}

// keyOnLine is the key that a line gives a value to.
func keyOnLine(data []byte, line int) string {
	for text := range bytes.Lines(data) {
		if line--; line == 0 {
			name, _, given := bytes.Cut(text, []byte("="))
			if !given {
				return ""
			}
			return string(bytes.Trim(bytes.TrimSpace(name), `"'`))
		}
	}
	return ""
}

// lineOf is the line that gives a key a value; 1 when it is not found.
func lineOf(data []byte, name string) int {
	line := 0
	for range bytes.Lines(data) {
		line++
		if keyOnLine(data, line) == name {
			return line
		}
	}
	return 1
}

// keyError says what is wrong with the keys that a user chose.
type keyError struct{ name, text string }

func (e *keyError) Error() string { return fmt.Sprintf("key %q: %s", "keys."+e.name, e.text) }

// KeyNames are the names by which Settings.Keys changes the keys, in order.
func KeyNames() []string {
	k := defaultKeys()
	return slices.Sorted(maps.Keys(k.named()))
}

// keysFrom are the keys with those of the settings in place of their own. Its
// errors are *keyError.
func keysFrom(chosen map[string][]string) (keyMap, error) {
	k := defaultKeys()
	known := k.named()
	for _, name := range slices.Sorted(maps.Keys(chosen)) {
		b, ok := known[name]
		if !ok {
			return k, &keyError{name, "it is none of " + strings.Join(KeyNames(), ", ")}
		}
		if len(chosen[name]) == 0 || slices.Contains(chosen[name], "") {
			return k, &keyError{name, `name a key, such as "p" or "ctrl+p"`}
		}
		*b = key.NewBinding(key.WithKeys(chosen[name]...), key.WithHelp(strings.Join(chosen[name], " "), b.Help().Desc))
	}
	// A chosen key goes before the same key's own meaning, unless both are
	// chosen, or the other has no key left.
	for _, name := range slices.Sorted(maps.Keys(chosen)) {
		for _, one := range chosen[name] {
			for other, b := range known {
				if other == name || !slices.Contains(b.Keys(), one) {
					continue
				}
				rest := slices.DeleteFunc(slices.Clone(b.Keys()), func(k string) bool { return k == one })
				if _, both := chosen[other]; both || len(rest) == 0 {
					return k, &keyError{name, fmt.Sprintf("%q is %q already: give that another key, too, as in %s = [\"…\"]", one, b.Help().Desc, other)}
				}
				*b = key.NewBinding(key.WithKeys(rest...), key.WithHelp(strings.Join(rest, " "), b.Help().Desc))
			}
		}
	}
	return k, nil
}
