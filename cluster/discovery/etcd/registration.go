package etcd

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sluice/cluster/discovery"
)

// maxValue is how large a registration may be, in bytes.
const maxValue = 4 << 10

// registration is the value of a consolidator's key.
type registration struct {
	Version   int    `json:"v"`
	Name      string `json:"name"`
	Subscribe string `json:"subscribe"`
	Key       string `json:"key,omitempty"`
	Instance  string `json:"instance,omitempty"`
}

// consolidator is what it is about.
func (r *registration) consolidator() discovery.Consolidator {
	return discovery.Consolidator{Name: r.Name, Subscribe: r.Subscribe, Key: r.Key}
}

// check reports why a registration cannot be one.
func (r *registration) check() error {
	switch {
	case r.Version != 1:
		return fmt.Errorf("version %d is not understood here: want 1", r.Version)
	case r.Name == "":
		return errors.New("it has no name")
	case strings.HasPrefix(r.Subscribe, "ipc:"):
		return fmt.Errorf("endpoint %.80q is of the machine itself: want tcp://HOST:PORT", r.Subscribe)
	}
	return discovery.Check(r.consolidator())
}

// parseRegistration reads the value of a key, which is foreign input.
func parseRegistration(key string, value []byte) (r registration, err error) {
	if len(value) > maxValue {
		return r, fmt.Errorf("it has %d bytes: want at most %d", len(value), maxValue)
	}
	if err := json.Unmarshal(value, &r); err != nil {
		return r, fmt.Errorf("it is no registration: %w", err)
	}
	if name := strings.TrimPrefix(key, Prefix); r.Name != name {
		return r, fmt.Errorf("it names %.40q", r.Name)
	}
	return r, r.check()
}
