package fanout_test

import (
	"fmt"
	"testing"

	"sluice/cluster/fanout"
)

// Readers that tail ever new names and leave them do not make logs without end.
// What was appended to, or is tailed, stays.
func TestVacantLogs(t *testing.T) {
	h := newHub(t, 1<<20, 1<<20)
	app := h.Appender()
	app.Append("a/written", entry(1, 1, 0), 1)
	stays := h.Reader()
	defer stays.Close()
	stays.Tail("a/tailed", fanout.From{})
	reserved := app.End("a/reserved")
	r := h.Reader()
	leave := func(name string) {
		r.Tail(name, fanout.From{})
		r.Stop(name)
	}
	leave("a/written")
	leave("a/reserved")
	const many = 3 * fanout.MaxVacant
	for i := range many {
		leave(fmt.Sprint("vacant/", i))
		leave("vacant/again")
	}
	// One that closes leaves many at once.
	for i := range many {
		r.Tail(fmt.Sprint("closed/", i), fanout.From{})
	}
	r.Close()
	epochs := make(map[string]uint64)
	for st := range h.Stats {
		epochs[st.Name] = st.Epoch
	}
	if len(epochs) > fanout.MaxVacant+3 {
		t.Errorf("%d logs, with at most %d vacant ones", len(epochs), fanout.MaxVacant)
	}
	for _, name := range []string{"a/written", "a/tailed", "a/reserved"} {
		if _, ok := epochs[name]; !ok {
			t.Errorf("%s was forgotten", name)
		}
	}
	if epochs["a/reserved"] != reserved.Epoch {
		t.Error("the reserved log is another")
	}
	if at := app.Append("vacant/0", entry(1, 1, 0), 1); at.Next != 0 {
		t.Errorf("the first entry of a new log is at %d", at.Next)
	}
}
