package devenv

import (
	"context"
	"errors"
	"fmt"

	"sluice/cluster/rescue"
	"sluice/cluster/stream/proxied"
	"sluice/tui"
)

const backfill = 1000 // records of each stream that the client begins with

// show runs the full-screen client on the proxy until it is left.
func (d *Devenv) show(ctx context.Context) error {
	feed, err := proxied.New(proxied.Config{URL: d.ProxyURL(), Logger: d.config.Logger.With("component", "client")})
	if err != nil {
		return fmt.Errorf("read from the proxy: %w", err)
	}
	victim := d.machines[min(1, len(d.machines)-1)].config.Name
	config := d.config.Client
	config.Feed = feed
	config.Streams = []string{"system", "tenant/acme"}
	config.Last = backfill
	config.Title = "sluice devenv"
	config.Actions = []tui.Action{{
		Key:  "x",
		Help: "stop or start " + victim,
		Do:   func() string { return d.toggleText(victim) },
	}}
	client, err := tui.New(config)
	if err != nil {
		return err
	}
	return rescue.Beside(ctx, "read from the proxy", feed.Run, func(ctx context.Context) error {
		err := client.Run(ctx)
		if errors.Is(err, tui.ErrInterrupted) {
			return nil // ctrl-c is a way to leave
		}
		return err
	})
}

// toggleText is Toggle for the client's status line.
func (d *Devenv) toggleText(name string) string {
	running, err := d.Toggle(name)
	switch {
	case err != nil:
		return err.Error()
	case running:
		return name + " started"
	}
	return name + " stopped"
}
