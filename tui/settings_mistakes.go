package tui

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxMistakes bounds the keys of one file of settings that are passed over, and
// toldMistakes those that are told.
const (
	maxMistakes  = 20
	toldMistakes = 3
)

// parseSettings reads settings, without the keys that are wrong, and says what is
// wrong with them.
func parseSettings(data []byte) (Settings, error) {
	s, mistakes, err := decodeKeys(data)
	if err != nil {
		return Settings{}, err
	}
	for {
		var wrong *keyError
		if _, err := keysFrom(s.Keys); !errors.As(err, &wrong) {
			return s, told(append(mistakes, s.wrongColumns(data)...))
		}
		mistakes = append(mistakes, &tomlError{line: lineOf(data, wrong.name), text: wrong.Error()})
		delete(s.Keys, wrong.name)
	}
}

// told is an error of all mistakes, which names the first ones; nil when there are none.
func told(mistakes []error) error {
	if len(mistakes) <= 1 {
		return errors.Join(mistakes...)
	}
	var texts []string
	for _, err := range mistakes[:min(len(mistakes), toldMistakes)] {
		texts = append(texts, err.Error())
	}
	if more := len(mistakes) - toldMistakes; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return errors.New(strings.Join(texts, "; "))
}

// decodeKeys decodes settings without the keys that are unknown or have a wrong value;
// err is that of a file that is no TOML, or has too many of them.
func decodeKeys(data []byte) (s Settings, mistakes []error, err error) {
	var rest map[string]any // what is left, once something is wrong
	for left := data; ; {
		var wrong *tomlError
		decoded := Settings{}
		err := decodeTOML(left, &decoded)
		switch {
		case err == nil:
			return decoded, mistakes, nil
		case !errors.As(err, &wrong) || len(wrong.path) == 0 || len(mistakes) == maxMistakes:
			return s, nil, err
		case rest != nil:
			wrong.line = lineOf(data, wrong.path[len(wrong.path)-1])
		case toml.Unmarshal(data, &rest) != nil:
			return s, nil, err
		}
		mistakes = append(mistakes, wrong)
		if !remove(rest, wrong.path) {
			return s, nil, err
		}
		if left, err = toml.Marshal(rest); err != nil {
			return s, nil, fmt.Errorf("write what is left of the settings: %w", err)
		}
	}
}

// remove takes a key away, or all of the list that it is in.
func remove(from map[string]any, path []string) bool {
	for ; len(path) > 1; path = path[1:] {
		inner, ok := from[path[0]].(map[string]any)
		if !ok {
			break
		}
		from = inner
	}
	_, found := from[path[0]]
	delete(from, path[0])
	return found
}

// tomlError says what is wrong in TOML, and where.
type tomlError struct {
	line int
	path []string // of the key; nil when it is of none
	text string
}

func (e *tomlError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.text) }

// decodeTOML decodes data. What it says of an error is a *tomlError where it is known
// where that is.
func decodeTOML(data []byte, to any) error {
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(to)
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		e := &unknown.Errors[0]
		line, _ := e.Position()
		return &tomlError{line, e.Key(), fmt.Sprintf("key %q is unknown", strings.Join(e.Key(), "."))}
	}
	var wrong *toml.DecodeError
	if !errors.As(err, &wrong) {
		return err
	}
	line, _ := wrong.Position()
	text := strings.TrimPrefix(wrong.Error(), "toml: ")
	name := strings.Join(wrong.Key(), ".")
	if name == "" {
		name = keyOnLine(data, line)
	}
	if name != "" {
		text = fmt.Sprintf("key %q: %s", name, text)
	}
	return &tomlError{line, wrong.Key(), text}
}
