package foreign

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Need skips the test unless everything named is there.
func Need(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		there, err := Have(name, t.Name())
		if err != nil {
			t.Fatal(err)
		}
		if !there {
			t.Skip(Missing(name))
		}
	}
}

// Have reports whether a thing is there, for a test of which a part needs it.
// Where it is not, that is noted down as a skip of the test; the error is that
// of a thing that has to be there.
func Have(name, test string) (bool, error) {
	reason := Missing(name)
	if reason == "" {
		return true, nil
	}
	if os.Getenv("SLUICE_PEERS") != "none" && os.Getenv("SLUICE_CI") != "" && !unpackaged[name] {
		return false, fmt.Errorf("%s, which SLUICE_CI wants", reason)
	}
	return false, note(reason, test)
}

// Missing returns why a thing is not to be used, or "".
func Missing(name string) string {
	if _, ok := things[name]; !ok {
		panic("foreign: nothing finds " + name)
	}
	if os.Getenv("SLUICE_PEERS") == "none" {
		return name + " is not asked, by SLUICE_PEERS=none"
	}
	if find(name) != nil {
		return name + " is missing"
	}
	return ""
}

var (
	mu    sync.Mutex
	found = map[string]error{}
)

// dir is the folder of the package that is tested.
var dir, _ = os.Getwd()

// find looks for a thing once.
func find(name string) error {
	mu.Lock()
	defer mu.Unlock()
	err, known := found[name]
	if !known {
		err = things[name]()
		found[name] = err
	}
	return err
}

// note adds a line to the file of what was skipped. Many tests do so at a time:
// each line is one write.
func note(reason, test string) error {
	name := os.Getenv("SLUICE_SKIPPED")
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s\t%s.%s\t%s\n", reason, strings.TrimSuffix(filepath.Base(os.Args[0]), ".test"), test, dir)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
