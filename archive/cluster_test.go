package archive_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sluice/archive/engine"
	"sluice/archive/internal/testnats"
	"sluice/consolidator"
	"sluice/internal/testcluster"
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
