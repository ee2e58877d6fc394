// Package testcluster runs real parts of a cluster inside a test.
package testcluster

import (
	"testing"

	"sluice/consolidator"
	"sluice/internal/wait"
)

// Consolidator runs a consolidator until the test ends or stop is called; stop
// waits for its end. What cfg leaves open is vm-1, on free ports. What prepare
// does, it does before.
func Consolidator(t testing.TB, cfg consolidator.Config, prepare ...func(*consolidator.Consolidator)) (c *consolidator.Consolidator, stop func()) {
	t.Helper()
	if cfg.Publish == nil {
		cfg.Publish = []string{"tcp://127.0.0.1:0"}
	}
	if cfg.Subscribe == nil {
		cfg.Subscribe = []string{"tcp://127.0.0.1:0"}
	}
	if cfg.Name == "" {
		cfg.Name = "vm-1"
	}
	c, err := consolidator.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range prepare {
		f(c)
	}
	return c, wait.Run(t, c.Run)
}
