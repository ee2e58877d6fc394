package archive_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/testnats"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// Of three servers one is killed, be it the leader, is cut off, or comes back with an
// empty disk: the archive goes on, and what is published is archived once and in order.
func TestThreeServers(t *testing.T) {
	volume.Long(t)
	servers := testnats.New(t, 3)
	urls := servers.URLs()
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	f := &flow{t: t, p: publishTo(t, c), streams: 10}
	connecting(t, urls, c)
	client := reads(t, urls)
	wait.For(t, "the archive to begin", func() bool {
		ctx, end := context.WithTimeout(t.Context(), 2*time.Second)
		defer end()
		return !errors.Is(client.Ready(ctx), engine.ErrNoArchive) && client.Ready(ctx) == nil
	})
	f.archived(client)
	servers.Whole(engine.Logs, engine.Last)

	led := servers.Leader(engine.Logs)
	other := (led + 1) % 3
	servers.Kill(other)
	t.Logf("a server killed: it went on in %v", f.archived(client))
	servers.Start(other)
	servers.Whole(engine.Logs, engine.Last)

	led = servers.Leader(engine.Logs)
	servers.Kill(led)
	t.Logf("the leader killed: it went on in %v", f.archived(client))
	servers.Start(led)
	servers.Whole(engine.Logs, engine.Last)

	led = servers.Leader(engine.Logs)
	servers.Cut(led, true)
	// Who asks the one that is cut off gets what it had.
	t.Logf("the leader cut off: it went on in %v", f.archived(reads(t, servers.URL((led+1)%3))))
	servers.Cut(led, false)
	servers.Whole(engine.Logs, engine.Last)

	led = servers.Leader(engine.Logs)
	other = (led + 1) % 3
	for _, i := range []int{other, led} {
		servers.Kill(i)
		servers.Empty(i)
		servers.Start(i)
		t.Logf("an empty disk: it went on in %v", f.archived(client))
		servers.Whole(engine.Logs, engine.Last)
	}
	f.exactly(client)
}

// The leader is killed again and again: the archive and readers go on by themselves as soon
// as NATS has elected another one.
func TestLeaderKilled(t *testing.T) {
	volume.Long(t)
	servers := testnats.New(t, 3)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	f := &flow{t: t, p: publishTo(t, c), streams: 10}
	connecting(t, servers.URLs(), c)
	client := reads(t, servers.URLs())
	wait.For(t, "the archive to begin", func() bool {
		ctx, end := context.WithTimeout(t.Context(), 2*time.Second)
		defer end()
		return client.Ready(ctx) == nil
	})
	f.archived(client)
	servers.Whole(engine.Logs, engine.Last)
	elected := servers.Elections(engine.Logs)
	var elections, archives []time.Duration
	for range 10 {
		led := servers.Leader(engine.Logs)
		for len(elected) > 0 {
			<-elected
		}
		servers.Kill(led)
		begun := time.Now()
		var read time.Duration
		f.until("readers to go on", func() bool {
			ctx, end := context.WithTimeout(t.Context(), 2*time.Second)
			defer end()
			_, err := client.Last(ctx, subject.Of("vm-1", f.name(0)))
			read = time.Since(begun)
			return err == nil
		})
		f.archived(client)
		went := time.Since(begun)
		election := (<-elected).Sub(begun)
		t.Logf("readers went on in %v, another leader after %v, the archive %v later", read, election, went-election)
		elections, archives = append(elections, election), append(archives, went-election)
		servers.Start(led)
		servers.Whole(engine.Logs, engine.Last)
	}
	slices.Sort(elections)
	slices.Sort(archives)
	t.Logf("NATS elected another leader in %v, and the archive went on after another %v", elections, archives)
	f.exactly(client)
}
