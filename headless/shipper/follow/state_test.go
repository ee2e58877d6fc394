package follow

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/internal/smalldisk"
)

func openState(t testing.TB, path, stream string) *State {
	t.Helper()
	s, err := OpenState(path, stream)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var places = []Place{
	{ID: ID{Dev: 1, Ino: 1 << 63, Born: 3}, Name: "/var/log/app.log", Offset: 1 << 40, Print: "0123456789abcdef"},
	{ID: ID{Dev: 1, Ino: 2}, Name: "/var/log/other app.log\n", Done: true},
}

// What is saved is there when it is opened again, by one at a time.
func TestState(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "places")
	s := openState(t, path, "system")
	if len(s.Places) != 0 || !s.Clean || !s.Saved.IsZero() {
		t.Errorf("a new one has %+v", s)
	}
	for _, clean := range []bool{false, true} {
		if err := s.Save(places[:1], nil, clean); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenState(path, "system"); !errors.Is(err, ErrState) || !strings.Contains(err.Error(), "is in use by another sluice publish") {
			t.Errorf("opened twice: %v", err)
		}
		s.Close()
		s = openState(t, path, "system")
		if !reflect.DeepEqual(s.Places, places[:1]) || s.Clean != clean || time.Since(s.Saved).Abs() > time.Hour {
			t.Errorf("it kept %+v", s)
		}
	}
	s.Close()
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("%d files are left: %v", len(left), err)
	}
}

// A state file is free at once when it is closed, whoever was started meanwhile: a
// child has all files open until it is another program.
func TestStateIsFreeAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "places")
	s := openState(t, path, "system")
	inherit := func() {
		fd, err := syscall.Dup(int(s.file.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Close(fd) })
	}
	for range 2 {
		inherit()
		if err := s.Save(places, nil, true); err != nil {
			t.Fatal(err)
		}
		inherit()
		s.Close()
		s = openState(t, path, "system")
	}
	s.Close()
}

// What is no state file, or another's, or damaged anywhere, is refused with what
// to do, and stays as it is.
func TestStateIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "places")
	s := openState(t, path, "system")
	if err := s.Save(places, nil, true); err != nil {
		t.Fatal(err)
	}
	s.Close()
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(data []byte, stream, why string) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenState(path, stream)
		if err == nil {
			s.Close()
			t.Errorf("%.80q is taken", data)
			return
		}
		for _, want := range []string{why, "name another file, or remove it to begin anew"} {
			if !errors.Is(err, ErrState) || !strings.Contains(err.Error(), want) {
				t.Errorf("%.80q: %v", data, err)
			}
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, data) {
			t.Errorf("it was changed: %v", err)
		}
	}
	refused(sound, "tenant/acme", `it belongs to stream "system"`)
	refused([]byte("2026-03-01 some log\n"), "system", "it is no state file")
	refused([]byte(`{"kind":"something else","sum":0,"content":{}}`), "system", "it is no state file")
	refused(append(sound, "{}"...), "system", "it is no state file")
	refused(bytes.Repeat([]byte(" "), maxState+1), "system", "it is larger")
	for i := range sound[:len(sound)-1] { // the line break does not matter
		changed := bytes.Clone(sound)
		changed[i] ^= 1
		refused(changed, "system", "it is ")
		if i > 0 {
			refused(sound[:i], "system", "it is ")
		}
	}
	if _, err := OpenState(filepath.Join(dir, "no/such/folder"), "system"); !errors.Is(err, ErrState) {
		t.Errorf("in a folder that is not there: %v", err)
	}
}

// No content makes it fail, and what it takes can be saved and opened again.
func FuzzState(f *testing.F) {
	path := filepath.Join(f.TempDir(), "places")
	s := openState(f, path, "system")
	if err := s.Save(places, nil, true); err != nil {
		f.Fatal(err)
	}
	s.Close()
	sound, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sound)
	f.Add([]byte(`{"kind":"sluice publish positions 1","sum":1,"content":{"files":[{"name":"a","offset":-1}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := State{path: filepath.Join(t.TempDir(), "places"), stream: "system"}
		if s.parse(data) != nil {
			return
		}
		for _, p := range s.Places {
			if p.Offset < 0 {
				t.Errorf("a place at %d", p.Offset)
			}
		}
	})
}

// On a disk that is full what was saved stays as it was, and nothing else; with room it
// is replaced.
func TestStateOnAFullDisk(t *testing.T) {
	t.Parallel()
	d := smalldisk.New(t, 256)
	path := filepath.Join(d.Dir, "places")
	s := openState(t, path, "system")
	if err := s.Save(places[:1], nil, false); err != nil {
		t.Fatal(err)
	}
	d.Fill(t)
	var said []string
	for range 3 {
		err := s.Save(places, nil, false)
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("saving on a full disk: %v", err)
		}
		said = append(said, err.Error())
	}
	if said[0] != said[1] || said[1] != said[2] || !strings.Contains(said[0], path) || !strings.Contains(said[0], "make room") {
		t.Errorf("the errors are %q", said)
	}
	names, err := os.ReadDir(d.Dir)
	if err != nil || len(names) != 2 { // and the filler
		t.Errorf("there is %v, %v", names, err)
	}
	s.Close()
	if s = openState(t, path, "system"); !reflect.DeepEqual(s.Places, places[:1]) {
		t.Errorf("it kept %+v", s.Places)
	}
	d.Free(t)
	if err := s.Save(places, nil, true); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if s = openState(t, path, "system"); !reflect.DeepEqual(s.Places, places) || !s.Clean {
		t.Errorf("with room it kept %+v", s.Places)
	}
	s.Close()
}
