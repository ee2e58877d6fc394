package alert_test

import (
	"strings"
	"testing"
	"time"

	"sluice/tui/alert"
)

func TestRates(t *testing.T) {
	for _, text := range []string{"1/s", "10/m", "100000/h"} {
		if r, err := alert.ParseRate(text); err != nil || r.String() != text {
			t.Errorf("%q is %v, %v", text, r, err)
		}
	}
	for _, text := range []string{"", "10", "0/m", "-1/m", "10/d", "100001/m", "x/m", "10/m/m"} {
		if _, err := alert.ParseRate(text); err == nil || !strings.Contains(err.Error(), "10/m") {
			t.Errorf("%q gives the error %v", text, err)
		}
	}
}

func TestSoManyWithinATime(t *testing.T) {
	c := alert.NewCounter(alert.Rate{Count: 3, Per: time.Minute})
	var reached []int
	for i, second := range []int64{0, 40, 80, 90, 100, 101, 102, 200, 300, 310, 360} {
		if c.Add(second * int64(time.Second)) {
			reached = append(reached, i)
		}
	}
	if len(reached) != 3 || reached[0] != 3 || reached[1] != 6 || reached[2] != 10 {
		t.Errorf("reached with %v, want with 3, 6 and 10", reached)
	}
	one := alert.NewCounter(alert.Rate{})
	for at := range int64(2) {
		if !one.Add(at) {
			t.Error("without a rate each counts")
		}
	}
}

func TestTheBellRests(t *testing.T) {
	b := alert.Bell{Pause: 5 * time.Second}
	now := time.Unix(1000, 0)
	if missed, rings := b.Ring(now); missed != 0 || !rings {
		t.Error("it does not ring at first")
	}
	for i := range 3 {
		if _, rings := b.Ring(now.Add(time.Duration(i) * time.Second)); rings {
			t.Error("it rings without a pause")
		}
	}
	if missed, rings := b.Ring(now.Add(5 * time.Second)); missed != 3 || !rings {
		t.Errorf("it rings %v after %d", rings, missed)
	}
	if _, rings := b.Ring(now); !rings {
		t.Error("a clock that was put back silences it")
	}
}
