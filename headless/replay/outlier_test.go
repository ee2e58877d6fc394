package replay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/headless/internal/packed"
	"sluice/headless/replay"
)

const year = 365 * 24 * time.Hour

// One record of another age neither puts the rest of its file behind all others, nor
// is it waited for.
func TestOutliers(t *testing.T) {
	s := time.Second
	b := line(s/2, "b0") + line(3*s/2, "b1") + line(5*s/2, "b2") + line(7*s/2, "b3")
	for name, tt := range map[string]struct {
		a    string
		want string
	}{
		"of 2066":              {line(0, "a0") + line(40*year, "x") + line(2*s, "a2") + line(3*s, "a3"), "a0 x b0 b1 a2 b2 a3 b3"},
		"of 1970":              {line(0, "a0") + line(-56*year, "x") + line(2*s, "a2") + line(3*s, "a3"), "a0 x b0 b1 a2 b2 a3 b3"},
		"of 2066, at first":    {line(40*year, "x") + line(s, "a1") + line(2*s, "a2") + line(3*s, "a3"), "b0 x a1 b1 a2 b2 a3 b3"},
		"of 1970, at first":    {line(-56*year, "x") + line(s, "a1") + line(2*s, "a2") + line(3*s, "a3"), "b0 x a1 b1 a2 b2 a3 b3"},
		"with text behind it":  {line(0, "a0") + line(40*year, "x") + "text\n\n" + line(2*s, "a2") + line(3*s, "a3"), "a0 x text b0 b1 a2 b2 a3 b3"},
		"every second":         {line(0, "a0") + line(-56*year, "x") + line(s, "a1") + line(-56*year, "y") + line(2*s, "a2") + line(3*s, "a3"), "a0 x b0 a1 y b1 a2 b2 a3 b3"},
		"of the future, last":  {line(0, "a0") + line(s, "a1") + line(40*year, "x"), "a0 b0 a1 x b1 b2 b3"},
		"several, in one file": {line(0, "a0") + line(40*year, "x") + line(50*year, "y") + line(2*s, "a2") + line(3*s, "a3") + line(3*s, "a4"), "a0 x y b0 b1 a2 b2 a3 a4 b3"},
	} {
		t.Run(name, func(t *testing.T) {
			files := []string{file(t, "a", tt.a), file(t, "b", b)}
			synctest.Test(t, func(t *testing.T) {
				got := replayed(t, replay.Config{Files: files, Speed: 1})
				if records := strings.Join(got.records, " "); records != tt.want {
					t.Errorf("records %s, want %s", records, tt.want)
				}
				if last := got.at[len(got.at)-1]; last > 4*s {
					t.Errorf("it took %v", last)
				}
				strange := uint64(strings.Count(tt.want, "x") + strings.Count(tt.want, "y") - strings.Count(tt.want, "text"))
				if got.stats.Strange != strange || got.stats.Jumps.Count != 0 {
					t.Errorf("%d are strange, jumps %+v, want %d", got.stats.Strange, got.stats.Jumps, strange)
				}
				for i, at := range got.arrived {
					if d := at.Sub(start); d < 0 || d > 4*s {
						t.Errorf("record %s stands at %v", got.records[i], at)
					}
				}
			})
		})
	}
}

// A gap, and a clock that is set, are no outliers: the records that follow agree.
func TestGapsAreNoOutliers(t *testing.T) {
	const day = 24 * time.Hour
	many := func(at time.Duration, msg string) (lines string) {
		for i := range 20 {
			lines += line(at+time.Duration(i)*time.Millisecond, msg)
		}
		return lines
	}
	a := many(0, "a0") + many(60*day, "a60") + many(120*day, "a120") + many(-day, "set")
	b := many(59*day, "b59") + many(61*day, "b61")
	files := []string{file(t, "a", a), file(t, "b", b)}
	synctest.Test(t, func(t *testing.T) {
		got := replayed(t, replay.Config{Files: files, Speed: 1})
		if records := strings.Join(slices.Compact(got.records), " "); records != "a0 b59 a60 b61 a120 set" || len(got.records) != 120 {
			t.Errorf("%d records: %s", len(got.records), records)
		}
		// A day is waited for, and no more.
		if j := got.stats.Jumps; got.stats.Strange != 0 || j.Count != 2 || !j.From.Equal(start.Add(19*time.Millisecond)) || !j.To.Equal(start.Add(59*day)) {
			t.Errorf("%d are strange, jumps %+v", got.stats.Strange, j)
		}
		if last := got.at[len(got.at)-1]; last < day || last > 3*day {
			t.Errorf("it took %v", last)
		}
	})
}

// With an idle limit a jump is a pause like any other.
func TestJumpWithAnIdleLimit(t *testing.T) {
	path := file(t, "f", line(-30*time.Hour, "0")+line(0, "1")+line(30*time.Hour, "2"))
	for _, c := range []struct {
		idle, want time.Duration
		jumps      uint64
	}{{0, 0, 2}, {time.Minute, 2 * time.Minute, 0}} {
		synctest.Test(t, func(t *testing.T) {
			got := replayed(t, replay.Config{Files: []string{path}, Speed: 1, IdleLimit: c.idle})
			if got.at[2] != c.want || got.stats.Jumps.Count != c.jumps {
				t.Errorf("limit %v: the last came after %v, jumps %+v", c.idle, got.at[2], got.stats.Jumps)
			}
		})
	}
}

// Wherever in the buffer an outlier stands, those that follow are looked at, and
// nothing that was read is lost or changed.
func TestOutliersAtTheEndsOfBuffers(t *testing.T) {
	var data strings.Builder
	var want []string
	for i := range 10_000 {
		l := line(time.Duration(i)*time.Millisecond, fmt.Sprint("record ", i, strings.Repeat("x", i*7919%300)))
		if i%20 == 7 {
			l = line(-56*year, fmt.Sprint("strange ", i))
		}
		want = append(want, strings.TrimSuffix(l, "\n"))
		data.WriteString(l)
	}
	for _, text := range []string{data.String(), packed.Gzip(data.String())} {
		got := replayed(t, replay.Config{Files: []string{file(t, "f", text)}, MaxLine: 2000})
		if got.stats.Strange != 500 || len(got.lines) != len(want) {
			t.Fatalf("%d are strange, %d lines", got.stats.Strange, len(got.lines))
		}
		for i := range want {
			if got.lines[i] != want[i] {
				t.Fatalf("line %d is %q, want %q", i, got.lines[i], want[i])
			}
		}
	}
}
