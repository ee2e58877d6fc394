package httpapi_test

import (
	"maps"
	"math"
	"testing"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
)

func TestEventID(t *testing.T) {
	for _, c := range []struct {
		id    httpapi.EventID
		event string
		place string
	}{
		{httpapi.EventID{Epoch: 35, Next: 37, Source: 2, Seq: 36}, "z.10.2.10", "z.11"},
		{httpapi.EventID{Epoch: math.MaxUint64, Next: math.MaxUint64, Source: 1}, "3w5e11264sgsf.3w5e11264sgse.1.0", "3w5e11264sgsf.3w5e11264sgsf"},
		{httpapi.EventID{Epoch: 1}, "1.0", "1.0"},
	} {
		if got := string(c.id.AppendEvent(nil)); got != c.event {
			t.Errorf("event id of %+v: %s, want %s", c.id, got, c.event)
		}
		if got := string(c.id.AppendPlace(nil)); got != c.place {
			t.Errorf("place of %+v: %s, want %s", c.id, got, c.place)
		}
		if got, err := httpapi.ParseEventID(c.event); err != nil || got != c.id {
			t.Errorf("%s reads as %+v, %v", c.event, got, err)
		}
		if got, err := httpapi.ParseEventID([]byte(c.place)); err != nil || got.Epoch != c.id.Epoch || got.Next != c.id.Next {
			t.Errorf("%s reads as %+v, %v", c.place, got, err)
		}
	}
	for _, bad := range []string{
		"", ".", "1", "1.", "1.2.3", "1.2.3.4.5", "1.2.3.", "-1.2.3.4", "+1.2", "1.A", "1._2", " 1.2", "3w5e11264sgsg.1", "1.3w5e11264sgsf.1.1",
	} {
		if got, err := httpapi.ParseEventID(bad); err == nil {
			t.Errorf("%q reads as %+v", bad, got)
		}
	}
}

func TestPositions(t *testing.T) {
	positions := map[string]loss.Position{
		"vm-1": {Epoch: 36, Seq: 0}, "a:b, c%": {Epoch: math.MaxUint64, Seq: 35}, "é": {},
	}
	s := httpapi.FormatPositions(positions)
	if want := "a%3Ab%2C%20c%25:3w5e11264sgsf:z, vm-1:10:0, %C3%A9:0:0"; s != want {
		t.Errorf("positions %q, want %q", s, want)
	}
	if got, err := httpapi.ParsePositions(s); err != nil || !maps.Equal(got, positions) {
		t.Errorf("%q reads as %v, %v", s, got, err)
	}
	if got, err := httpapi.ParsePositions(" , "); err != nil || len(got) != 0 {
		t.Errorf("nothing reads as %v, %v", got, err)
	}
	for _, bad := range []string{"vm-1", "vm-1:1", ":1:2", "vm-1:1:2:3", "vm-1:x y:1", "vm%0a:1:1", "vm%:1:1", "%FF:1:1"} {
		if got, err := httpapi.ParsePositions(bad); err == nil {
			t.Errorf("%q reads as %v", bad, got)
		}
	}
}

func FuzzEventID(f *testing.F) {
	f.Add("z.10.2.10")
	f.Add("1.0")
	f.Add("1.2.3")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := httpapi.ParseEventID(s)
		if err != nil {
			return
		}
		if again, err := httpapi.ParseEventID(id.AppendEvent(nil)); err != nil || again != id && id.Next != 0 {
			t.Errorf("%q is %+v, and then %+v, %v", s, id, again, err)
		}
	})
}

func FuzzPositions(f *testing.F) {
	f.Add("a%3Ab%2C%20c:3w5e11264sgsf:z, vm-1:10:0")
	f.Add("vm-1:10:0,vm-1:11:0,,")
	f.Fuzz(func(t *testing.T, s string) {
		positions, err := httpapi.ParsePositions(s)
		if err != nil {
			return
		}
		again, err := httpapi.ParsePositions(httpapi.FormatPositions(positions))
		if err != nil || !maps.Equal(again, positions) {
			t.Errorf("%q is %v, and then %v, %v", s, positions, again, err)
		}
	})
}
