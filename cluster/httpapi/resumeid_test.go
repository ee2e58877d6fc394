package httpapi_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
)

// ids are one of each kind; the last is as long as one can be.
func ids() []httpapi.ResumeID {
	longest := httpapi.ResumeID{Epoch: httpapi.EpochMask, Next: math.MaxUint64, More: true}
	for range httpapi.MaxPositions {
		longest.Positions = append(longest.Positions, httpapi.KeyPosition{Key: 1<<30 - 1, Epoch: httpapi.EpochMask, Next: math.MaxUint64})
	}
	return []httpapi.ResumeID{
		{},
		{More: true},
		{Epoch: 1, Next: 0},
		{Epoch: 5, Next: 64, Positions: []httpapi.KeyPosition{{Key: 7, Epoch: 9, Next: 63}}},
		{Positions: []httpapi.KeyPosition{{}, {Key: 1, Epoch: 2, Next: 1 << 40}}, More: true},
		longest,
	}
}

func TestResumeIDs(t *testing.T) {
	for _, id := range ids() {
		text := string(id.AppendText(nil))
		if got, err := httpapi.ParseResumeID(text); err != nil || !reflect.DeepEqual(got, id) {
			t.Errorf("%+v is %s, and that %+v, %v", id, text, got, err)
		}
		if len(text) > httpapi.MaxResumeID {
			t.Errorf("%s has %d bytes", text, len(text))
		}
		if strings.Trim(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-.~") != "" {
			t.Errorf("%s has to be escaped in a URL", text)
		}
	}
	for _, bad := range []string{
		"", "z.10.2.10", "~000000", "~0000010.", "~.0000000000001", "~.00000000000000~~", "~.00000 000000", "~00000100",
		"~" + strings.Repeat(".000000000000", 17), "~" + strings.Repeat("0", 600), "~.0000000000000.", "~000001ABCDEFGHIJKLM",
	} {
		if got, err := httpapi.ParseResumeID(bad); err == nil {
			t.Errorf("%q reads as %+v", bad, got)
		}
	}
}

// What docs/http.md says that an id costs after a million records.
func TestTheSizeOfResumeIDs(t *testing.T) {
	for n, want := range map[int]int{1: 27, 2: 43, 16: 267} {
		id := httpapi.ResumeID{Epoch: 1, Next: 1_000_000}
		for range n {
			id.Positions = append(id.Positions, httpapi.KeyPosition{Next: 1_000_000})
		}
		if got := len(id.AppendText(nil)); got != want {
			t.Errorf("with %d positions it has %d bytes, want %d", n, got, want)
		}
	}
}

// A position that is of another epoch is never one of the epoch that there is.
func TestPositionsInEpochs(t *testing.T) {
	const epoch = 0xfedc_ba98_7654_3210
	p := httpapi.KeyPosition{Epoch: epoch & httpapi.EpochMask, Next: 7}
	if got, want := p.In(epoch), (loss.Position{Epoch: epoch, Seq: 7}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := p.In(epoch + 1); got.Epoch == epoch+1 || got.Epoch == epoch || got.Seq != 7 {
		t.Errorf("in another epoch it is %+v", got)
	}
	if got := (httpapi.KeyPosition{}).In(0); got.Epoch == 0 {
		t.Error("an unknown epoch passes for one")
	}
}

// Keys of names that could run together differ.
func TestPositionKeys(t *testing.T) {
	seen := make(map[uint32]string)
	for _, pair := range [][2]string{{"a", "b"}, {"ab", ""}, {"", "ab"}, {"b", "a"}, {"tenant/a", "vm-1"}, {"tenant/a", "vm-2"}} {
		key := httpapi.PositionKey(pair[0], pair[1])
		if other := seen[key]; other != "" || key >= 1<<30 {
			t.Errorf("%q and %s have the key %d", pair, other, key)
		}
		seen[key] = fmt.Sprint(pair)
	}
}

func FuzzResumeID(f *testing.F) {
	for _, id := range ids() {
		f.Add(string(id.AppendText(nil)))
	}
	f.Add("~.0000000000001")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := httpapi.ParseResumeID(s)
		if err != nil {
			return
		}
		if again := string(id.AppendText(nil)); again != s {
			t.Errorf("%q is %+v, and that %q", s, id, again)
		}
	})
}
