package devenv

import "testing"

// A machine is chosen by its number, and what there is one of by its letter.
func TestKeysOfParts(t *testing.T) {
	for name, key := range map[string]string{"vm-1": "1", "vm-9": "9", "vm-10": "", "proxy": "p", "archive": "a", "etcd": "e"} {
		at := map[string]int{"vm-1": 0, "vm-9": 8, "vm-10": 9, "proxy": 3, "archive": 4, "etcd": 12}[name]
		if got := partKey(name, at); got != key {
			t.Errorf("%s has the key %q, want %q", name, got, key)
		}
	}
}

// The client says at its start which addresses are not the usual ones, beside what it
// has to say of its settings.
func TestNoticeOfBusyPorts(t *testing.T) {
	moved := []string{"port 5551 is busy: vm-1 has tcp://127.0.0.1:4001", "port 5561 is busy: vm-2 has tcp://127.0.0.1:4002", "port 5571 is busy", "port 5580 is busy"}
	for want, got := range map[string]string{
		"":                         notice("", nil),
		"bad settings":             notice("bad settings", nil),
		moved[0]:                   notice("", moved[:1]),
		"bad; " + moved[0]:         notice("bad", moved[:1]),
		moved[0] + "; " + moved[1]: notice("", moved[:2]),
		moved[0] + "; " + moved[1] + "; 2 more are elsewhere, too": notice("", moved),
	} {
		if got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}
