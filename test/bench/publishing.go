package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"sluice/cluster/publish"
	"sluice/headless/shipper"
)

const (
	publishedLines = 1_200_000
	handledRecords = 1_000_000
)

// The lines that are published, of about 240 bytes.
var publishedKinds = []struct{ name, format string }{
	{"bunyan lines", `{"v":0,"name":"api","hostname":"vm-1","pid":4242,"level":30,"time":"2026-03-01T12:00:00.000Z","msg":"request done","req":{"method":"GET","url":"/api/items/%08d"},"res":{"status":200},"took":12.5,"fill":"` + strings.Repeat("x", 30) + `"}`},
	{"other JSON", `{"severity":"INFO","ts":1772366400.123,"logger":"http","caller":"server/handler.go:42","message":"request done","req":{"method":"GET","url":"/api/items/%08d"},"res":{"status":200},"took":12.5,"fill":"` + strings.Repeat("x", 50) + `"}`},
	{"text", `2026-03-01T12:00:00.000Z INFO server/handler.go:42 request done: GET "/api/items/%08d" 200 in 12.5 ms ` + strings.Repeat("x", 140)},
}

// published is what a round measured.
type published struct{ rate, cpu float64 } // lines a second, seconds of CPU a line

// publishing prints the table of publishing a file: sluice and a program of
// libzmq take turns, and both publish to a consolidator of Sluice on the same
// cores.
func (o options) publishing() error {
	dir, err := os.MkdirTemp("", "sluice-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	peer, err := buildPeer(dir, "publish_lines")
	if err != nil {
		return err
	}
	fmt.Printf("\npublishing a file of %d lines, to a consolidator on the same cores; medians of %d rounds\n\n", publishedLines, o.rounds)
	fmt.Printf("%-28s %18s %18s   %s\n", "", "sluice", "libzmq", "ratios")
	fmt.Printf("%-28s %10s %7s %10s %7s   %s\n", "", "lines/s", "µs", "lines/s", "µs", "rate × libzmq   CPU × libzmq")
	for _, kind := range publishedKinds {
		file := filepath.Join(dir, "lines.ndjson")
		if err := writeLines(file, kind.format); err != nil {
			return err
		}
		if o.profile != "" {
			return o.shipping(file) // of bunyan lines alone
		}
		var all [2][]published
		for range o.rounds {
			for i, command := range []func(to string) []string{
				func(to string) []string {
					return []string{o.sluice, "publish", "system", file, "--to", to, "--summary", "none"}
				},
				func(to string) []string { return []string{peer, to, "system", file} },
			} {
				r, err := o.publishOnce(command)
				if err != nil {
					return fmt.Errorf("publish %s: %w", kind.name, err)
				}
				all[i] = append(all[i], r)
			}
		}
		ours, theirs := middle(all[0]), middle(all[1])
		fmt.Printf("%-28s %10.0f %7.3f %10.0f %7.3f   %.2f            %.2f\n", kind.name, ours.rate, ours.cpu*1e6, theirs.rate, theirs.cpu*1e6, ours.rate/theirs.rate, ours.cpu/theirs.cpu)
	}
	var all []published
	for range o.rounds {
		r, err := o.handled()
		if err != nil {
			return fmt.Errorf("log: %w", err)
		}
		all = append(all, r)
	}
	m := middle(all)
	fmt.Printf("%-28s %10.0f %7.3f\n", "slog.Handler, records", m.rate, m.cpu*1e6)
	return nil
}

func middle(all []published) published {
	pick := func(f func(published) float64) float64 {
		v := make([]float64, len(all))
		for i, r := range all {
			v[i] = f(r)
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return published{pick(func(r published) float64 { return r.rate }), pick(func(r published) float64 { return r.cpu })}
}

func writeLines(file, format string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range publishedLines {
		fmt.Fprintf(w, format, i)
		w.WriteByte('\n')
	}
	return w.Flush()
}

// consolidating runs a consolidator until stop is called.
func (o options) consolidating() (to string, stop func(), err error) {
	pub, sub, err := freeEndpoints()
	if err != nil {
		return "", nil, err
	}
	t := target{command: func(pub, sub string) []string {
		return []string{o.sluice, "consolidator", "--publish", pub, "--subscribe", sub, "--admin", ""}
	}}
	stop, _, err = t.start(pub, sub)
	if err != nil {
		return "", nil, err
	}
	// Until it listens: nothing of its start is to be measured.
	c, err := publish.Open(publish.Config{Endpoint: pub.String()})
	if err != nil {
		stop()
		return "", nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = c.Publish(ctx, "warm", []byte("{}"))
	if s := c.Close(ctx); err == nil && s.Acknowledged != 1 {
		err = fmt.Errorf("the consolidator does not come up: %+v", s)
	}
	if err != nil {
		stop()
	}
	return pub.String(), stop, err
}

// shipping writes the profile of publishing one kind of lines.
func (o options) shipping(file string) error {
	to, stop, err := o.consolidating()
	if err != nil {
		return err
	}
	defer stop()
	return shippedHere(to, file, o.profile)
}

func (o options) publishOnce(command func(to string) []string) (r published, err error) {
	to, stop, err := o.consolidating()
	if err != nil {
		return r, err
	}
	defer stop()
	args := command(to)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		return r, err
	}
	took := time.Since(begun)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return published{publishedLines / took.Seconds(), cpu.Seconds() / publishedLines}, nil
}

// handled measures a service that does nothing but log.
func (o options) handled() (r published, err error) {
	to, stop, err := o.consolidating()
	if err != nil {
		return r, err
	}
	defer stop()
	c, err := publish.Open(publish.Config{Endpoint: to})
	if err != nil {
		return r, err
	}
	log := slog.New(publish.NewHandler(c, "system", &publish.HandlerOptions{Name: "bench"})).With("tenant", "acme")
	ctx := context.Background()
	begun, before := time.Now(), usage()
	for i := range handledRecords {
		log.LogAttrs(ctx, slog.LevelInfo, "request done", slog.String("method", "GET"), slog.Int("status", 200), slog.Int("item", i), slog.Duration("took", time.Millisecond))
	}
	s := c.Close(ctx)
	took, cpu := time.Since(begun), usage()-before
	if s.Acknowledged != handledRecords {
		return r, fmt.Errorf("of %d records: %+v", handledRecords, s)
	}
	return published{handledRecords / took.Seconds(), cpu.Seconds() / handledRecords}, nil
}

// usage is the CPU time that this process has taken.
func usage() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// shippedHere publishes a file in this process, and writes its CPU profile.
func shippedHere(to, file, profile string) error {
	f, err := os.Create(profile)
	if err != nil {
		return err
	}
	defer f.Close()
	c, err := publish.Open(publish.Config{Endpoint: to, Buffer: 16 << 20})
	if err != nil {
		return err
	}
	s, err := shipper.New(shipper.Config{Client: c, Endpoint: to, Stream: "system", Files: []string{file}})
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return s.Run(context.Background())
}
