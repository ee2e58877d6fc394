package engine_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/cluster/names"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

func TestRulesAreRead(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"system/**=30d", "system/**=30d"},
		{"a=b=12h", "a=b=12h0m0s"},
		{"**=forever", "**=forever"},
		{"x=0.5d", "x=12h0m0s"},
	} {
		r, err := engine.ParseRule(tt.text)
		if err != nil || r.String() != tt.want {
			t.Errorf("%q: %v, %v", tt.text, r, err)
		}
		if again, err := engine.ParseRule(r.String()); err != nil || again != r {
			t.Errorf("%q is read as %v, %v", r, again, err)
		}
	}
	for _, text := range []string{"", "system", "=7d", "x=", "x=7", "x=-7d", "x=1e9d", "x=NaNd", "x=59s", `x\=7d`, "x\n=7d"} {
		if r, err := engine.ParseRule(text); err == nil || !strings.Contains(err.Error(), "tenant/**=7d") {
			t.Errorf("%q: %v, %v", text, r, err)
		}
	}
}

func rules(t *testing.T, texts ...string) (k engine.Keep) {
	t.Helper()
	for _, text := range texts {
		r, err := engine.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		k = append(k, r)
	}
	return k
}

func TestTheFirstRuleThatMatchesCounts(t *testing.T) {
	k := rules(t, "tenant/acme=90d", "tenant/**=7d", "**=30d")
	for stream, want := range map[string]time.Duration{"tenant/acme": 90, "tenant/acme/x": 7, "system": 30} {
		if got := k.Age(stream); got != want*24*time.Hour {
			t.Errorf("%s is kept for %v", stream, got)
		}
	}
	if got := rules(t, "tenant/**=7d").Age("system"); got != 0 {
		t.Errorf("what no rule matches is kept for %v", got)
	}
}

// Each stream goes when its rule says, and others stay.
func TestStreamsExpireByTheirRules(t *testing.T) {
	volume.Check(t)
	pattern, err := names.ParsePattern("short/*")
	if err != nil {
		t.Fatal(err)
	}
	e := opened(t, engine.Config{Keep: append(engine.Keep{{Pattern: pattern, Age: time.Second}}, rules(t, "**=1h")...)})
	filled(t, e, "short/a", 2)
	links := filled(t, e, "long", 2)
	ctx := within(t)
	wait.For(t, "what is short to go", func() bool {
		_, err := e.Last(ctx, of("short/a"))
		return errors.Is(err, engine.ErrNone)
	})
	if m, err := e.Last(ctx, of("long")); err != nil || m.Sequence != links.Prev {
		t.Errorf("what is long: %+v, %v", m, err)
	}
	if _, err := append1(t, e, "short/a", "again", 2, batch.Links{}); err != nil {
		t.Errorf("after all of it went: %v", err)
	}
}

// Other rules change what goes, and nothing that is there.
func TestRulesMayChange(t *testing.T) {
	store := t.TempDir()
	e := opened(t, engine.Config{Store: store, Keep: rules(t, "**=30d")})
	filled(t, e, "system", 2)
	for _, k := range []engine.Keep{rules(t, "system=7d", "**=1d"), nil, rules(t, "tenant/*=1h", "**=forever")} {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		e = opened(t, engine.Config{Store: store, Keep: k, Log: slog.New(slog.NewTextHandler(&log, nil))})
		state, err := e.State(within(t))
		if err != nil || state.Messages != 2 || state.Keep.String() != k.String() {
			t.Errorf("%v: %+v, %v", k, state, err)
		}
		if !strings.Contains(log.String(), "what is kept has changed") {
			t.Errorf("%v: the log does not say it: %s", k, log.String())
		}
		joined, err := engine.Join(within(t), engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
		if err != nil {
			t.Fatal(err)
		}
		_ = joined.Close()
	}
}

// The bound may change to any other, however large it was before.
func TestTheBoundMayChange(t *testing.T) {
	store := t.TempDir()
	for _, bound := range []int64{1 << 42, 0, 1 << 20, 1 << 45, 1 << 42} {
		e := opened(t, engine.Config{Store: store, MaxBytes: bound})
		state, err := e.State(within(t))
		if err != nil || bound > 0 && state.MaxBytes != bound || state.MaxBytes == 0 {
			t.Errorf("%+v, %v", state, err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What is beyond the bound goes, the oldest first.
func TestTheOldestGoBeyondMaxBytes(t *testing.T) {
	e := opened(t, engine.Config{MaxBytes: 4096})
	links := filled(t, e, "system", 40)
	state, err := e.State(within(t))
	if err != nil || state.Bytes > 4096 || state.Messages == 0 || state.Last.Sequence != links.Prev || state.First.Sequence == 1 {
		t.Errorf("%+v, %v", state, err)
	}
}
