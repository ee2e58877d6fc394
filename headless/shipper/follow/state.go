package follow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// maxState bounds a state file, in bytes.
const maxState = 64 << 20

// ErrState is in the error of a state file that cannot be used.
var ErrState = errors.New("state file cannot be used")

// State is a file that keeps Places. It is locked while it is open.
type State struct {
	path   string
	stream string
	file   *os.File // the one that is locked

	Places  []Place           // that were in it when it was opened
	Cursors map[string]string // of what is no file, likewise
	Saved   time.Time         // when they were
	Clean   bool              // whoever saved them ended in order; also when there was no file
}

// saved is the form of a state file: one JSON object.
type saved struct {
	Kind    string          `json:"kind"`
	Sum     uint32          `json:"sum"` // CRC-32 (IEEE) of the bytes of content
	Content json.RawMessage `json:"content"`
}

type content struct {
	Stream  string            `json:"stream"`
	Saved   time.Time         `json:"saved"`
	Clean   bool              `json:"clean"`
	Files   []Place           `json:"files"`
	Cursors map[string]string `json:"cursors,omitempty"`
}

const stateKind = "sluice publish positions 1"

// OpenState opens a state file of a stream; it need not exist. One that is
// damaged, something else, of another stream, or in use is an error that
// contains ErrState.
func OpenState(path, stream string) (*State, error) {
	s := &State{path: path, stream: stream, Clean: true}
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrState, err)
		}
		if err := lockSoon(file); err != nil {
			file.Close()
			return nil, fmt.Errorf("%w: %q is in use by another sluice publish: end that, or name another file", ErrState, path)
		}
		mine, err1 := file.Stat()
		there, err2 := os.Stat(path)
		if err := errors.Join(err1, err2); err == nil && os.SameFile(mine, there) {
			s.file = file
			break
		}
		unlock(file) // it was saved anew before it was locked
	}
	data, err := io.ReadAll(io.LimitReader(s.file, maxState+1))
	if err == nil && len(data) > 0 {
		err = s.parse(data)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("%w: %q: %w: name another file, or remove it to begin anew, which may publish lines twice", ErrState, path, err)
	}
	return s, nil
}

func (s *State) parse(data []byte) error {
	if len(data) > maxState {
		return fmt.Errorf("it is larger than %d bytes, so it is none", maxState)
	}
	var outer saved
	if err := strictly(data, &outer); err != nil || outer.Kind != stateKind {
		return errors.New("it is no state file of this version of sluice publish")
	}
	if crc32.ChecksumIEEE(outer.Content) != outer.Sum {
		return errors.New("it is damaged")
	}
	var inner content
	if err := strictly(outer.Content, &inner); err != nil {
		return errors.New("it is damaged")
	}
	if inner.Stream != s.stream {
		return fmt.Errorf("it belongs to %s", owner(inner.Stream))
	}
	for _, p := range inner.Files {
		if p.Offset < 0 || !filepath.IsAbs(p.Name) {
			return errors.New("it is damaged")
		}
	}
	s.Cursors = inner.Cursors
	s.Places, s.Saved, s.Clean = inner.Files, inner.Saved, inner.Clean
	return nil
}

// owner says what a state file belongs to.
func owner(stream string) string {
	if stream == "" {
		return "sluice collect"
	}
	return fmt.Sprintf("stream %q", stream)
}

// strictly parses one JSON value and nothing else.
func strictly(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}

// Save replaces what the file keeps, at once: after a crash it is the old one or
// the new one, whole. Clean means that nothing comes after it.
func (s *State) Save(places []Place, cursors map[string]string, clean bool) error {
	inner, err := json.Marshal(content{Stream: s.stream, Saved: time.Now().UTC().Truncate(time.Millisecond), Clean: clean, Files: places, Cursors: cursors})
	if err != nil {
		return fmt.Errorf("save %q: %w", s.path, err)
	}
	data, err := json.Marshal(saved{Kind: stateKind, Sum: crc32.ChecksumIEEE(inner), Content: inner})
	if err != nil {
		return fmt.Errorf("save %q: %w", s.path, err)
	}
	file, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.path)+".*.tmp")
	if err != nil {
		return s.unsaved(err)
	}
	_, err = file.Write(append(data, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = lock(file)
	}
	if err == nil {
		err = os.Rename(file.Name(), s.path)
	}
	if err != nil {
		unlock(file)
		_ = os.Remove(file.Name())
		return s.unsaved(err)
	}
	unlock(s.file)
	s.file = file
	return s.syncDir()
}

// unsaved is the error of a saving. It is without the name of the temporary file, which
// is another one each time.
func (s *State) unsaved(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("save %q: %w: make room", s.path, err)
	}
	return fmt.Errorf("save %q: %w", s.path, err)
}

// syncDir makes the renaming durable.
func (s *State) syncDir() error {
	dir, err := os.Open(filepath.Dir(s.path))
	if err != nil {
		return nil //nolint:nilerr // a directory that may only be written to
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil && !errors.Is(err, fs.ErrInvalid) {
		return fmt.Errorf("save %q: %w", s.path, err)
	}
	return nil
}

// Close lets go of the file.
func (s *State) Close() { unlock(s.file) }
