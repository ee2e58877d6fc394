package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// idleSessions is how many sessions are open at a server while nothing is published.
const idleSessions = 10_000

// idleAt measures what an idle session takes at a server: bytes of memory.
func (o options) idleAt(server string) (perSession float64, n int, err error) {
	n = idleSessions
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return 0, 0, err
	}
	n = min(n, int(files.Cur)-200)
	dir, err := os.MkdirTemp("", "sluice-bench")
	if err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(dir)
	s, err := httpServers[server](o, dir)
	if s != nil {
		defer s.stop()
	}
	if err != nil {
		return 0, 0, err
	}
	// Some sessions come and go, so that what the first ones take counts for nobody.
	first, err := s.connect(100, func(int) string { return streamName(0) }, "")
	first.close()
	if err != nil {
		return 0, 0, err
	}
	time.Sleep(s.settle)
	before, err := s.memory()
	if err != nil {
		return 0, 0, err
	}
	c, err := s.connect(n, func(i int) string { return streamName(i % 10) }, "")
	defer c.close()
	if err != nil {
		return 0, 0, err
	}
	time.Sleep(s.settle)
	after, err := s.memory()
	return (after - before) / float64(n), n, err
}

func (o options) idleSessions() error {
	fmt.Printf("\nproxy: an idle session\n")
	for _, server := range []string{"sluice", "nchan", "hub"} {
		size, n, err := o.idleAt(server)
		if err != nil {
			return fmt.Errorf("%s: %w", server, err)
		}
		fmt.Printf("%-8s %6.1f KiB, of %s\n", server, size/1024, strconv.Itoa(n))
	}
	return nil
}
