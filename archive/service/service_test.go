package service_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/archive"
	"sluice/archive/engine"
	"sluice/archive/holdings"
	"sluice/archive/service"
	"sluice/archive/subject"
	"sluice/cluster/discovery"
	"sluice/cluster/publish"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/figures"
	"sluice/internal/request"
	"sluice/internal/testcluster"
	"sluice/internal/wait"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is an archive of a consolidator, until the test ends or stop is called.
func running(t *testing.T, c *consolidator.Consolidator, store string) (s *service.Service, stop func()) {
	t.Helper()
	finder, err := discovery.Static(discovery.At(c.SubscribeAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	s, err = service.New(service.Config{
		Archive: archive.Config{Source: direct.Config{Finder: finder}, Age: 20 * time.Millisecond},
		Engine:  engine.Config{Store: store, Listen: "127.0.0.1:0"},
		Admin:   "127.0.0.1:0", Publish: publish.Config{Endpoint: c.PublishAddrs()[0]},
		Ready: func() { close(ready) },
	})
	if err != nil {
		t.Fatal(err)
	}
	stop = wait.Run(t, s.Run)
	select {
	case <-ready:
	case <-t.Context().Done():
		t.Fatal("it is not ready")
	}
	return s, stop
}

func say(t *testing.T, c *consolidator.Consolidator, stream string, n int) {
	t.Helper()
	p, err := publish.Open(publish.Config{Endpoint: c.PublishAddrs()[0]})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := p.Publish(t.Context(), stream, fmt.Appendf(nil, `{"msg":"%d","time":"2026-03-01T12:00:00Z"}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if stats := p.Close(t.Context()); stats.Acknowledged != uint64(n) {
		t.Fatalf("%+v", stats)
	}
}

func TestAnArchiveSaysWhatItDoesAndHolds(t *testing.T) {
	c, _ := testcluster.Consolidator(t, consolidator.Config{})
	store := t.TempDir()
	s, stop := running(t, c, store)
	say(t, c, "tenant/acme", 300)
	figures.Wait(t, s.AdminAddr(), "sluice_archive", map[string]float64{
		"ready": 1, "records_lost_total": 0, "unknown_losses_total": 0, `consolidator_connected{consolidator="vm-1"}`: 1, "consolidators_found": 1,
	})
	client, err := engine.Dial(engine.DialConfig{URLs: []string{s.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var lanes []holdings.Lane
	wait.For(t, "the records to be held", func() bool {
		lanes, err = holdings.List(t.Context(), client, subject.All, func(stream string) bool { return stream == "tenant/acme" })
		return err == nil && len(lanes) == 1 && lanes[0].Held.Records == 300
	})
	if l := lanes[0]; l.Stream != "tenant/acme" || l.Consolidator != "vm-1" || l.Err != nil || l.Held.Lost != 0 || l.Held.Kept == 0 || l.Held.Raw < 300*40 || l.Next.Seq != 300 || l.First.After(l.Last) {
		t.Errorf("%+v", l)
	}
	if n := figures.Explained(t, s.AdminAddr(), "sluice_archive", "../../docs/archive.md"); n < 15 {
		t.Errorf("only %d metrics", n)
	}
	if n := figures.Used(t, s.AdminAddr(), "sluice_archive", "../../deploy/prometheus/alerts.yml"); n < 4 {
		t.Errorf("the alerts ask for %d metrics", n)
	}
	if code, body := request.Do(t, "GET", "http://"+s.AdminAddr()+"/readyz"); code != http.StatusOK {
		t.Errorf("/readyz: %d %s", code, body)
	}
	stop()
	again, _ := running(t, c, store)
	if again.Addr() == "" {
		t.Error("it has no address")
	}
}

// Something else in the stream is told, and hides nothing.
func TestForeignMessagesAreListed(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Config{Store: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	for _, s := range []string{"logs.vm-1.system", "logs.vm-1.%%%"} {
		if _, err := e.JetStream().Publish(t.Context(), s, []byte("hello")); err != nil {
			t.Fatal(err)
		}
	}
	lanes, err := holdings.List(t.Context(), e.Client, subject.All, nil)
	if err != nil || len(lanes) != 2 {
		t.Fatalf("%+v, %v", lanes, err)
	}
	for _, l := range lanes {
		if l.Err == nil || !strings.Contains(l.Err.Error(), "no batch of the archive") {
			t.Errorf("%+v", l)
		}
	}
}

func TestTheStateIsPublished(t *testing.T) {
	c, _ := testcluster.Consolidator(t, consolidator.Config{})
	s, _ := running(t, c, t.TempDir())
	say(t, c, "system", 5)
	figures.Wait(t, s.AdminAddr(), "sluice_archive", map[string]float64{"records_total": 5})
	r, err := s.Report(publish.Config{Endpoint: c.PublishAddrs()[0]})
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Component string
		Level     int
		Records   uint64
		Lost      uint64
		Held      struct{ Batches uint64 }
	}
	if err := json.Unmarshal(r, &state); err != nil {
		t.Fatal(err)
	}
	if state.Component != "archive" || state.Level != 30 || state.Records != 5 || state.Lost != 0 {
		t.Errorf("%s", r)
	}
}

func TestAStoreThatIsTakenEndsTheArchive(t *testing.T) {
	c, _ := testcluster.Consolidator(t, consolidator.Config{})
	store := t.TempDir()
	running(t, c, store)
	finder, err := discovery.Static(discovery.At(c.SubscribeAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	s, err := service.New(service.Config{
		Archive: archive.Config{Source: direct.Config{Finder: finder}}, Engine: engine.Config{Store: store, Listen: "127.0.0.1:0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another archive") {
		t.Error(err)
	}
	for _, bad := range []engine.Config{{}, {Store: store, Listen: "0.0.0.0:1"}, {Store: store, Replicas: 3}, {Connect: engine.DialConfig{URLs: []string{"http://x"}}}} {
		if _, err := service.New(service.Config{Engine: bad}); err == nil || errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
