package tomledit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"unicode"

	"github.com/pelletier/go-toml/v2"
)

// Quote is a text as a string of TOML on one line.
func Quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			fmt.Fprintf(&b, "\\u%04X", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// bare is a key that needs no quotes.
var bare = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func quoteKey(key string) string {
	if bare.MatchString(key) {
		return key
	}
	return Quote(key)
}

// byteOrderMark is what some editors begin a file with.
var byteOrderMark = []byte("\xef\xbb\xbf")

// maxFile bounds a file that is changed, in bytes.
const maxFile = 1 << 20

// Set gives a key of a table a value, which is TOML on one line. A table that is not
// there is made at the end; a key that is there must stand on one line of its own.
func Set(data []byte, table, key, value string) ([]byte, error) {
	if rest, marked := bytes.CutPrefix(data, byteOrderMark); marked {
		out, err := Set(rest, table, key, value)
		if err != nil {
			return nil, err
		}
		return append(bytes.Clone(byteOrderMark), out...), nil
	}
	var before map[string]any
	if err := toml.Unmarshal(data, &before); err != nil {
		return nil, fmt.Errorf("it cannot be read as TOML: %w", err)
	}
	var set struct{ V any }
	if strings.Contains(value, "\n") || toml.Unmarshal([]byte("V = "+value), &set) != nil {
		return nil, fmt.Errorf("%q is no value of TOML on one line", value)
	}
	line := quoteKey(key) + " = " + value
	out := put(data, table, key, line)
	var after map[string]any
	err := toml.Unmarshal(out, &after)
	if before == nil {
		before = make(map[string]any)
	}
	if len(out) > maxFile {
		return nil, errors.New("it would be larger than 1 MiB")
	}
	t, isTable := before[table].(map[string]any)
	if before[table] == nil {
		t, isTable = make(map[string]any), true
		before[table] = t
	}
	if isTable {
		t[key] = set.V
	}
	if err != nil || !isTable || !reflect.DeepEqual(before, after) {
		return nil, fmt.Errorf("its [%s] is not written in lines that can be changed one by one: put this line there yourself: %s", table, line)
	}
	return out, nil
}

// put puts a line into a table, in the place of the one that has its key.
func put(data []byte, table, key, line string) []byte {
	lines := bytes.SplitAfter(data, []byte("\n"))
	start := -1
	for i, l := range lines {
		if header(l) == table {
			start = i + 1
			break
		}
	}
	if start < 0 {
		text := strings.TrimRight(string(data), "\n")
		if text != "" {
			text += "\n\n"
		}
		return []byte(text + "[" + quoteKey(table) + "]\n" + line + "\n")
	}
	at, end := -1, start
	for i := start; i < len(lines); i++ {
		l := bytes.TrimSpace(lines[i])
		if len(l) > 0 && l[0] == '[' {
			break
		}
		if len(l) > 0 {
			end = i + 1 // behind the last line of the table
		}
		if keyOf(l) == key {
			at = i
		}
	}
	fresh := []byte(line + "\n")
	if at >= 0 {
		lines[at] = fresh
	} else {
		if last := lines[end-1]; !bytes.HasSuffix(last, []byte("\n")) {
			lines[end-1] = append(bytes.Clone(last), '\n')
		}
		lines = append(lines[:end:end], append([][]byte{fresh}, lines[end:]...)...)
	}
	return bytes.Join(lines, nil)
}

// header is the name of the table that a line begins; "" when it begins none.
func header(line []byte) string {
	text := strings.TrimSpace(string(line))
	if !strings.HasPrefix(text, "[") || strings.HasPrefix(text, "[[") {
		return ""
	}
	var one map[string]any
	if toml.Unmarshal([]byte(text), &one) != nil || len(one) != 1 {
		return ""
	}
	for name, inner := range one {
		if t, ok := inner.(map[string]any); ok && len(t) == 0 {
			return name
		}
	}
	return ""
}

// keyOf is the key that a line gives a value; "" when it is none of one part.
func keyOf(line []byte) string {
	var one map[string]any
	if len(line) == 0 || toml.Unmarshal(line, &one) != nil || len(one) != 1 {
		return ""
	}
	for name := range one {
		return name
	}
	return ""
}

// SetFile is [Set] for a file, which is made if it is not there.
func SetFile(path, table, key, value string) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	data, err := os.ReadFile(path)
	mode := fs.FileMode(0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	case err == nil:
		var info fs.FileInfo
		if info, err = os.Stat(path); err == nil {
			mode = info.Mode().Perm()
		}
	}
	if err != nil {
		return fmt.Errorf("change %s: %w", path, err)
	}
	out, err := Set(data, table, key, value)
	if err != nil {
		return fmt.Errorf("%s is as it was: %w", path, err)
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("change %s: %w", path, err)
	}
	_, err = fresh.Write(out)
	if err = errors.Join(err, fresh.Chmod(mode), fresh.Close()); err == nil {
		err = os.Rename(fresh.Name(), path)
	}
	if err != nil {
		_ = os.Remove(fresh.Name())
		return fmt.Errorf("change %s: %w", path, err)
	}
	return nil
}
