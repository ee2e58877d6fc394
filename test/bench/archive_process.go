package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"syscall"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sluice/archive"
	"sluice/archive/engine"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
)

// plainStream is what a message a record is kept in.
const plainStream = "PLAIN"

// archivedHere archives in this process, into an embedded server, or one that is there, and writes its CPU
// profile if it is to.
func archivedHere(verb string, consolidators []string, dir, listen, profile string) error {
	debug.SetGCPercent(50) // as the command does
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg := engine.Config{Store: dir, Listen: listen}
	if verb == "archived-at" {
		cfg = engine.Config{Connect: engine.DialConfig{URLs: []string{dir}}}
	}
	e, err := engine.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer e.Close()
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
		defer func() {
			if h, err := os.Create(profile + ".heap"); err == nil {
				_ = pprof.WriteHeapProfile(h)
				_ = h.Close()
			}
		}()
	}
	from := direct.Config{Consolidators: consolidators}
	if verb == "archived-plainly" {
		return archivedPlainly(ctx, e.JetStream(), from)
	}
	a, err := archive.New(archive.Config{Engine: e, Source: from})
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

// archivedPlainly keeps a message a record, as one would write it by hand: as many
// asynchronous publishes as the client takes.
func archivedPlainly(ctx context.Context, js jetstream.JetStream, from direct.Config) error {
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: plainStream, Subjects: []string{"plain.>"}, Storage: jetstream.FileStorage}); err != nil {
		return err
	}
	s, err := direct.New(from)
	if err != nil {
		return err
	}
	s.WatchStreams(true)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	known := make(map[string]bool)
	for {
		for _, l := range s.Streams() {
			if !known[l.Name] {
				known[l.Name] = true
				s.Tail(l.Name, stream.Backfill{Last: 1 << 30})
			}
		}
		select {
		case <-ctx.Done():
			<-ended
			return nil
		case <-js.PublishAsyncComplete():
		case <-s.Ready():
		}
		b := s.TryTake()
		if b == nil {
			continue
		}
		for i := range b.Records {
			r := &b.Records[i]
			m := &nats.Msg{Subject: "plain." + r.Source + "." + r.Stream[len("tenant/"):], Data: r.Data}
			if _, err := js.PublishMsgAsync(m); err != nil {
				return err
			}
		}
		<-js.PublishAsyncComplete() // the records are in the batch's memory
		b.Release()
	}
}
