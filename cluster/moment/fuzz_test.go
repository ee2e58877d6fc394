package moment_test

import (
	"testing"
	"time"

	"sluice/cluster/moment"
)

// Whatever is read stands somewhere: at the same clock's reading that was written, and
// what was written in full at what it says.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"2026-03-01T14:05:06Z", "2026-03-01 14:05", "20260301T140506Z", "14:05", "08:53:00,5", "mon 14:00", "yesterday", "Mar 4", "03-04 02:30",
		"-2h", "1d12h", "+5m", "feb 29", "02:30+01:00", "--5m", "2026-02-29", "25:00", "12:00 13:00", "",
	} {
		f.Add(text, int64(1_772_625_600), int64(86_400))
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, now, held int64) {
		m, err := moment.Parse(text)
		if err != nil {
			if err.Error() == "" {
				t.Fatalf("%q is refused without a reason", text)
			}
			return
		}
		first := time.Unix(now%(1<<33), 0)
		last := first.Add(time.Duration(held%(1<<31)) * time.Second)
		if last.Before(first) {
			first, last = last, first
		}
		frame := moment.Frame{Now: last, Location: berlin, First: first, Last: func() (time.Time, error) { return last, nil }, Limit: last}
		got, err := m.In(frame)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if want, err := time.Parse(time.RFC3339Nano, text); err == nil && want.Year() > 0 && !got.Equal(want) {
			t.Fatalf("%q is %v, want %v", text, got, want)
		}
		if want, err := time.Parse("15:04", text); err == nil {
			switch h, min, _ := got.Clock(); {
			case got.After(last):
				t.Fatalf("%q is %v, after %v", text, got, last)
			case min != want.Minute(), h != want.Hour() && h != want.Hour()+1: // an hour later, if it was skipped
				t.Fatalf("%q is %v", text, got)
			case first.Sub(got) > 25*time.Hour, last.Sub(got) > 25*time.Hour+last.Sub(first):
				t.Fatalf("%q is %v, far from %v to %v", text, got, first, last)
			}
		}
	})
}
