package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"

	"sluice/consolidator"
)

// profiled runs a consolidator in this process, encrypted if there is a key, and writes its
// CPU profile.
func profiled(publish, subscribe, file, key string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	c, err := consolidator.New(consolidator.Config{Publish: []string{publish}, Subscribe: []string{subscribe}, CurveKey: key})
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return c.Run(ctx)
}
