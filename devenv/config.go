package devenv

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"

	"sluice/archive/engine"
	"sluice/tui"
	"sluice/tui/before"
)

const (
	maxConsolidators = 16
	maxRate          = 100_000
)

// Config is how large a cluster to make.
type Config struct {
	Consolidators int     // machines, at most 16; 0 means 3
	Tenants       int     // streams of tenants, at most 5; 0 means 5
	Rate          float64 // records a second and stream, over all machines, without the bursts; at most 100,000; 0 means 20
	Seed          uint64  // of the records; the same seed gives the same records

	// Store is the folder of the archive, which stays; empty is one for the time being.
	Store string

	// Etcd runs the etcd on the PATH, in which the consolidators register, and where the
	// proxy finds them.
	Etcd bool

	// Headless runs without the client and prints to Output how to reach the
	// cluster.
	Headless bool
	Client   tui.Config // how the client looks: its Settings and its Notice; the rest is set here
	Output   io.Writer  // nil throws away
	// Archive is the archive as the client reads it; nil: the client reads none.
	Archive func(*engine.Client) before.Archive
	Command string // how sluice is called in what is printed; "" is "sluice"

	// Program is the command that is [RunPart], in the order of its arguments. Required.
	Program []string
	// Log gets what the parts log. nil throws it away.
	Log io.Writer

	Logger *slog.Logger // nil logs nothing
}

func (c *Config) check() error {
	if c.Consolidators == 0 {
		c.Consolidators = 3
	}
	if c.Tenants == 0 {
		c.Tenants = len(tenants)
	}
	if c.Rate == 0 {
		c.Rate = 20
	}
	if c.Output == nil {
		c.Output = io.Discard
	}
	if c.Command == "" {
		c.Command = "sluice"
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case len(c.Program) == 0:
		return errors.New("make a cluster: Config.Program is required")
	case c.Consolidators < 1 || c.Consolidators > maxConsolidators:
		return fmt.Errorf("make %d consolidators: want 1 to %d", c.Consolidators, maxConsolidators)
	case c.Tenants < 1 || c.Tenants > len(tenants):
		return fmt.Errorf("make %d tenants: want 1 to %d", c.Tenants, len(tenants))
	case math.IsNaN(c.Rate) || c.Rate < 0 || c.Rate > maxRate:
		return fmt.Errorf("publish %v records a second: want more than 0, at most %d", c.Rate, maxRate)
	}
	return nil
}

// streams are the streams that are published.
func (c *Config) streams() []string {
	streams := []string{"system", "system/scheduler"}
	for _, t := range tenants[:c.Tenants] {
		streams = append(streams, "tenant/"+t)
	}
	return streams
}
