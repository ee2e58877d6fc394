package engine_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/cluster/loss"
)

func TestWhatIsAppendedIsFoundByEveryLookup(t *testing.T) {
	e := opened(t, engine.Config{})
	filled(t, e, "system", 3)
	links := filled(t, e, "tenant/acme", 5)
	c := reader(t, engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
	ctx := within(t)

	for name, get := range map[string]func() (engine.Message, error){
		"Last":         func() (engine.Message, error) { return c.Last(ctx, of("tenant/acme")) },
		"LastAtLeader": func() (engine.Message, error) { return c.LastAtLeader(ctx, of("tenant/acme")) },
		"Get":          func() (engine.Message, error) { return c.Get(ctx, links.Prev) },
		"From":         func() (engine.Message, error) { return c.From(ctx, "logs.*.tenant.>", links.Prev) },
	} {
		m, err := get()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if m.Subject != "logs.vm-1.tenant.acme" || m.Sequence != links.Prev || m.Stored.IsZero() || record(t, m) != "tenant/acme 4" {
			t.Errorf("%s: %+v", name, m)
		}
	}
	first, err := c.Get(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := c.Since(ctx, of("tenant/acme"), first.Stored); err != nil || record(t, m) != "tenant/acme 0" {
		t.Errorf("Since: %+v, %v", m, err)
	}
	for name, get := range map[string]func() (engine.Message, error){
		"Last":         func() (engine.Message, error) { return c.Last(ctx, of("nothing")) },
		"LastAtLeader": func() (engine.Message, error) { return c.LastAtLeader(ctx, of("nothing")) },
		"Get":          func() (engine.Message, error) { return c.Get(ctx, 1000) },
		"From":         func() (engine.Message, error) { return c.From(ctx, subject.All, 1000) },
	} {
		if _, err := get(); !errors.Is(err, engine.ErrNone) {
			t.Errorf("%s of what is not there: %v", name, err)
		}
	}

	subjects, err := c.Subjects(ctx, subject.All)
	if err != nil || fmt.Sprint(subjects) != "map[logs.vm-1.system:3 logs.vm-1.tenant.acme:5]" {
		t.Errorf("subjects %v, %v", subjects, err)
	}
	state, err := c.State(ctx)
	if err != nil || state.Messages != 8 || state.First.Sequence != 1 || state.Last.Sequence != 8 || state.Subjects != 2 || state.Bytes == 0 {
		t.Errorf("state %+v, %v", state, err)
	}
	heads := map[string]uint64{}
	for m, err := range c.Heads(ctx, subject.All) {
		if err != nil {
			t.Fatal(err)
		}
		h, err := batch.Peek(m.Subject, m.Header)
		if err != nil || len(m.Payload) != 0 {
			t.Fatalf("%+v: %v", m, err)
		}
		heads[h.Stream] = h.First
	}
	if fmt.Sprint(heads) != "map[system:2 tenant/acme:4]" {
		t.Errorf("heads %v", heads)
	}
	for range c.Heads(ctx, "logs.*.nothing") {
		t.Error("a head of nothing")
	}
}

func TestPagesFollowOneAnother(t *testing.T) {
	e := opened(t, engine.Config{})
	filled(t, e, "a", 4)
	filled(t, e, "b", 1)
	filled(t, e, "a/x", 3)
	ctx := within(t)
	for _, tt := range []struct {
		filter string
		want   string
	}{
		{"logs.*.a", "a 0,a 1,a 2,a 3"},
		{"logs.>", "a 0,a 1,a 2,a 3,b 0,a/x 0,a/x 1,a/x 2"},
		{"logs.*.nothing", ""},
	} {
		var got []string
		from, more := uint64(1), uint64(1)
		for more > 0 {
			page, pending, err := e.Page(ctx, tt.filter, from, engine.Page{Messages: 3})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page {
				got = append(got, record(t, m))
				from = m.Sequence + 1
			}
			more = pending
		}
		if strings.Join(got, ",") != tt.want {
			t.Errorf("%s: %q, want %q", tt.filter, got, tt.want)
		}
	}
}

func TestAStaleWriterIsRefused(t *testing.T) {
	e := opened(t, engine.Config{})
	links := filled(t, e, "system", 2)
	stale := links
	stale.Prev--
	if _, err := append1(t, e, "system", "x", 2, stale); !errors.Is(err, engine.ErrWrongSequence) {
		t.Errorf("appended behind the batch before the last: %v", err)
	}
	if _, err := append1(t, e, "system", "x", 2, batch.Links{}); !errors.Is(err, engine.ErrWrongSequence) {
		t.Errorf("appended as the first: %v", err)
	}
	if _, err := append1(t, e, "system", "x", 2, links); err != nil {
		t.Errorf("appended behind the last: %v", err)
	}
}

func TestAStoreIsFoundAgain(t *testing.T) {
	store := filepath.Join(t.TempDir(), "made", "here")
	e := opened(t, engine.Config{Store: store})
	links := filled(t, e, "system", 3)
	put := make(chan error, 1)
	if err := e.PutPosition(engine.Position{Consolidator: "vm-1", Stream: "system", Position: loss.Position{Epoch: 1 << 63, Seq: 3}, Links: links}, func(_ uint64, err error) { put <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-put; err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = opened(t, engine.Config{Store: store})
	m, err := e.Last(within(t), of("system"))
	if err != nil || record(t, m) != "system 2" {
		t.Fatalf("%+v, %v", m, err)
	}
	if _, err := append1(t, e, "system", "next", 3, links); err != nil {
		t.Error(err)
	}
	p, err := e.Position(within(t), "vm-1", "system")
	if err != nil || p.Epoch != 1<<63 || p.Seq != 3 || p.Links != links || p.Stream != "system" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestPositionsAreTheLastOfEachStream(t *testing.T) {
	e := opened(t, engine.Config{})
	ctx := within(t)
	for range e.Positions(ctx) {
		t.Error("a position in an archive that is new")
	}
	if _, err := e.Position(ctx, "vm-1", "a"); !errors.Is(err, engine.ErrNone) {
		t.Error(err)
	}
	done := make(chan error, 6)
	for i := range uint64(6) {
		p := engine.Position{Consolidator: "vm.1", Stream: "a/" + strconv.Itoa(int(i%2)), Position: loss.Position{Epoch: 5, Seq: i}}
		if err := e.PutPosition(p, func(_ uint64, err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]uint64{}
	for p, err := range e.Positions(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		got[p.Consolidator+" "+p.Stream] = p.Seq
	}
	if fmt.Sprint(got) != "map[vm.1 a/0:4 vm.1 a/1:5]" {
		t.Error(got)
	}
}

func TestAWatchGoesOnFromASequence(t *testing.T) {
	e := opened(t, engine.Config{})
	filled(t, e, "a", 3)
	c := reader(t, engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
	var got []string
	for m, err := range c.Watch(within(t), engine.Watching{From: 2, Subjects: []string{"logs.*.a", "logs.*.b"}}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, record(t, m))
		if len(got) == 2 {
			filled(t, e, "c", 1)
			filled(t, e, "b", 1)
		}
		if len(got) == 3 {
			break
		}
	}
	if strings.Join(got, ",") != "a 1,a 2,b 0" {
		t.Errorf("%q", got)
	}
}

// Whoever appended is told, whatever becomes of the client.
func TestAppendsInFlightEndWithTheClient(t *testing.T) {
	e := opened(t, engine.Config{})
	done := make(chan error, 100)
	for i := range 100 {
		h := batch.Head{Consolidator: "vm-1", Stream: fmt.Sprint("s", i)}
		var b batch.Builder
		if err := b.Add([]byte("x"), 1, 1); err != nil {
			t.Fatal(err)
		}
		if err := e.Append(b.Encode(&h), h.Stream, 0, func(_ uint64, err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if err := <-done; err != nil && !errors.Is(err, engine.ErrUnavailable) {
			t.Error(err)
		}
	}
}

func TestTwoArchivesOnOneStore(t *testing.T) {
	store := t.TempDir()
	opened(t, engine.Config{Store: store})
	_, err := engine.Open(within(t), engine.Config{Store: store, Listen: "127.0.0.1:0"})
	if err == nil || !strings.Contains(err.Error(), "another archive, process "+strconv.Itoa(os.Getpid())+", has it") {
		t.Errorf("the second: %v", err)
	}
}

func TestStoresThatCannotBeRead(t *testing.T) {
	for _, tt := range []struct{ form, want string }{
		{"2\n", "newer sluice"},
		{"x", "no version"},
		{"", "no version"},
	} {
		store := t.TempDir()
		if err := os.WriteFile(filepath.Join(store, "sluice.form"), []byte(tt.form), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := engine.Open(within(t), engine.Config{Store: store, Listen: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("form %q: %v", tt.form, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Open(within(t), engine.Config{Store: file, Listen: "127.0.0.1:0"}); err == nil {
		t.Error("a file is a store")
	}
}

func TestBeyondThisMachineItWantsKeys(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:0", "*:0", ":0", "[::]:0", "example.com:0", "nonsense", "127.0.0.1:99999"} {
		if e, err := engine.Open(within(t), engine.Config{Store: t.TempDir(), Listen: listen}); err == nil {
			t.Errorf("listens at %s", listen)
			_ = e.Close()
		}
	}
	opened(t, engine.Config{Listen: "*:0", Insecure: true})
}

func TestUsersMayDoWhatTheyMay(t *testing.T) {
	e := opened(t, engine.Config{Users: []engine.User{{"ann", "secret", engine.Read}, {"wes", "secret2", engine.Write}}})
	filled(t, e, "system", 1)
	ctx := within(t)
	ann := reader(t, engine.DialConfig{URLs: []string{"nats://ann:secret@" + e.Addr()}})
	if m, err := ann.Last(ctx, of("system")); err != nil || record(t, m) != "system 0" {
		t.Errorf("ann reads %+v, %v", m, err)
	}
	for p, err := range ann.Heads(ctx, subject.All) {
		if err != nil {
			t.Errorf("%v, %v", p, err)
		}
	}
	if err := ann.Conn().Publish(of("system"), []byte("forged")); err != nil {
		t.Fatal(err)
	}
	denied, cancel := contextWithin(ctx)
	defer cancel()
	if err := ann.JetStream().DeleteStream(denied, engine.Logs); err == nil {
		t.Error("ann deleted everything")
	}
	if state, err := ann.State(ctx); err != nil || state.Messages != 1 {
		t.Errorf("after ann published: %+v, %v", state, err)
	}
	nobody := reader(t, engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
	short, cancel := contextWithin(ctx)
	defer cancel()
	if _, err := nobody.Last(short, of("system")); !errors.Is(err, engine.ErrUnavailable) || !strings.Contains(err.Error(), "Authorization") {
		t.Errorf("nobody reads: %v", err)
	}
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	ctx, cancel := contextWithin(within(t))
	defer cancel()
	c := reader(t, engine.DialConfig{URLs: []string{"nats://me:secret@127.0.0.1:1"}})
	_, err := c.Last(ctx, of("system"))
	if !errors.Is(err, engine.ErrUnavailable) || !strings.Contains(err.Error(), "nats://127.0.0.1:1") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	if !errors.Is(c.Err(), engine.ErrUnavailable) {
		t.Error(c.Err())
	}
	for _, url := range []string{"", "127.0.0.1:5554", "http://x", "nats://", "tcp://a:secret@b"} {
		if _, err := engine.Dial(engine.DialConfig{URLs: []string{url}}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
	}
}
