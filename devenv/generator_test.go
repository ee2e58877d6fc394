package devenv

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// The generator is no part of the package's face, so this test stands inside.

var someTime = time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)

func TestEveryRecordIsBunyanInOneLine(t *testing.T) {
	for _, stream := range []string{"system", "system/scheduler", "tenant/acme", "tenant/acme-staging"} {
		g := newGenerator(7, "vm-1", stream)
		for i := range 2000 {
			b := g.next(nil, someTime)
			if bytes.ContainsAny(b, "\n\r") {
				t.Fatalf("record %d of %s has a line break: %q", i, stream, b)
			}
			var r struct {
				V        *int
				Name     string
				Hostname string
				PID      int
				Level    int
				Time     time.Time
				Msg      string
				Tenant   string
			}
			if err := json.Unmarshal(b, &r); err != nil {
				t.Fatalf("record %d of %s: %v: %q", i, stream, err, b)
			}
			if r.V == nil || *r.V != 0 || r.Name == "" || r.Hostname != "vm-1" || r.PID == 0 || r.Msg == "" || !r.Time.Equal(someTime) {
				t.Fatalf("record %d of %s lacks a member of bunyan: %q", i, stream, b)
			}
			if r.Level%10 != 0 || r.Level < 10 || r.Level > 60 {
				t.Fatalf("record %d of %s has level %d", i, stream, r.Level)
			}
			if want, _ := strings.CutPrefix(stream, "tenant/"); want != stream && r.Tenant != want {
				t.Fatalf("record %d of %s is of tenant %q", i, stream, r.Tenant)
			}
		}
	}
}

func TestMixIsAsClaimed(t *testing.T) {
	const draws = 30_000
	for _, stream := range []string{"system", "tenant/acme"} {
		g := newGenerator(1, "vm-2", stream)
		if g.total != 1000 {
			t.Errorf("%s: shares sum to %d thousandths", stream, g.total)
		}
		seen := map[string]int{}
		var buf []byte
		for range draws {
			var kind string
			buf, kind = g.draw(buf[:0], someTime)
			seen[kind]++
		}
		for _, s := range g.mix {
			want := float64(s.weight) / 1000 * draws
			if got := float64(seen[s.kind]); math.Abs(got-want) > 5*math.Sqrt(want)+1 {
				t.Errorf("%s: kind %q came %.0f times in %d, want about %.0f", stream, s.kind, got, draws, want)
			}
		}
	}
}

func TestKindsAreWhatTheyAreCalled(t *testing.T) {
	decode := func(b []byte) (r map[string]any) {
		t.Helper()
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatalf("%v: %q", err, b)
		}
		return r
	}
	g := newGenerator(3, "vm-1", "tenant/acme")
	for range 200 {
		r := decode(g.request(nil, someTime))
		status := r["res"].(map[string]any)["statusCode"].(float64)
		wantLevel := 30.0
		if status >= 500 {
			wantLevel = 50
		} else if status >= 400 {
			wantLevel = 40
		}
		if r["level"] != wantLevel || r["latency"].(float64) <= 0 || r["req"].(map[string]any)["url"] == "" {
			t.Fatalf("request: %v", r)
		}
		if r := decode(g.nodeError(nil, someTime)); !strings.Contains(stack(r), "\n    at ") {
			t.Fatalf("node error without its stack: %v", r)
		}
		if r := decode(g.goError(nil, someTime)); !strings.HasPrefix(stack(r), "goroutine ") || !strings.Contains(stack(r), ".go:") {
			t.Fatalf("go error without its stack: %v", r)
		}
		if r := decode(g.multiLine(nil, someTime)); !strings.Contains(r["msg"].(string), "\n") {
			t.Fatalf("one line: %v", r)
		}
		if b := g.long(nil, someTime); len(b) < 2<<10 || len(b) > 16<<10 {
			t.Fatalf("long record of %d bytes", len(b))
		}
	}
}

func stack(r map[string]any) string { return r["err"].(map[string]any)["stack"].(string) }

func TestHostileTextsAttack(t *testing.T) {
	var all strings.Builder
	for _, text := range hostileTexts {
		if strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 }) {
			t.Errorf("%q has a control character that JSON forbids", text)
		}
		var decoded string
		if err := json.Unmarshal([]byte(`"`+text+`"`), &decoded); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		all.WriteString(decoded)
	}
	for _, attack := range []string{"\x1b[2J", "\x1b]0;", "\x1b]52;", "\u009b", "\u202e", "\n", "\r", "\x7f", "\u2028", "\x00"} {
		if !strings.Contains(all.String(), attack) {
			t.Errorf("no hostile text has %q", attack)
		}
	}
}

func TestSameSeedSameRecords(t *testing.T) {
	make1000 := func(seed uint64, host, stream string) (records [][]byte) {
		g := newGenerator(seed, host, stream)
		for range 1000 {
			records = append(records, g.next(nil, someTime))
		}
		return records
	}
	same := func(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }
	base := make1000(1, "vm-1", "system")
	if !same(base, make1000(1, "vm-1", "system")) {
		t.Error("the same seed gave other records")
	}
	if same(base, make1000(2, "vm-1", "system")) {
		t.Error("another seed gave the same records")
	}
	if same(base, make1000(1, "vm-2", "system")) {
		t.Error("another host gave the same records")
	}
}

func TestPaceKeepsItsRateAndBursts(t *testing.T) {
	const rate, span = 20, time.Hour
	now := someTime
	p := newPace(rate, 1, "vm-1", "system", now)
	perSecond := make([]int, span/time.Second)
	for end := now.Add(span); now.Before(end); {
		wait, ok := p.next(now)
		if ok {
			perSecond[now.Sub(someTime)/time.Second]++
			continue
		}
		now = now.Add(wait)
	}
	quiet, bursts := 0, 0
	for _, n := range perSecond {
		switch {
		case n > 5*rate:
			bursts++
		case n < 3*rate:
			quiet += n
		}
	}
	if mean := float64(quiet) / float64(len(perSecond)); mean < rate*0.8 || mean > rate*1.1 {
		t.Errorf("mean rate outside the bursts is %.1f, want about %d", mean, rate)
	}
	if bursts < 60 || bursts > 500 {
		t.Errorf("%d of %d seconds are bursts, want about 200", bursts, len(perSecond))
	}
}

func TestPaceDoesNotMakeUpForSleep(t *testing.T) {
	p := newPace(10, 1, "vm-1", "system", someTime)
	later, n := someTime.Add(time.Hour), 0
	for {
		if _, ok := p.next(later); !ok {
			break
		}
		n++
	}
	if n > 20 {
		t.Errorf("%d records at once after an hour's sleep", n)
	}
}
