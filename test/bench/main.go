// Bench measures the pump against libzmq's C proxy and against a TCP relay that
// ignores frames, which is the limit: the same generator drives each in turn,
// and what reaches the far end is counted. It prints ratios, since machines are
// noisy: medians of several rounds, in which the three take turns.
//
//	go run ./test/bench -sluice bin/sluice [-rounds 5] [-time 2s] [-only regexp]
//
// It measures the full-screen client, too: the real binary in a
// pseudo-terminal, flooded, searched and left alone (-only client).
//
// The generator writes prepared bytes and counts bytes, so that it is not what
// is measured. It runs in a process of its own, on the same cores.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	var o options
	if len(os.Args) == 4 && os.Args[1] == "relay" {
		exit(relay(os.Args[2], os.Args[3]))
	}
	if n := len(os.Args); n > 4 && os.Args[1] == "profiled" {
		key := ""
		if n > 5 {
			key = os.Args[5]
		}
		exit(profiled(os.Args[2], os.Args[3], os.Args[4], key))
	}
	if len(os.Args) == 5 && os.Args[1] == "recorded" {
		exit(recordedHere(os.Args[2], os.Args[3], os.Args[4]))
	}
	if len(os.Args) == 6 && strings.HasPrefix(os.Args[1], "archived") {
		exit(archivedHere(os.Args[1], strings.Split(os.Args[2], ","), os.Args[3], os.Args[4], os.Args[5]))
	}
	if len(os.Args) == 4 && os.Args[1] == "peer" {
		exit(peer(os.Args[2], os.Args[3]))
	}
	flag.StringVar(&o.sluice, "sluice", "bin/sluice", "the binary to measure")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds, of which the median counts")
	flag.DurationVar(&o.time, "time", 2*time.Second, "time that each round measures")
	flag.StringVar(&o.profile, "profile", "", "write a CPU profile of the pump to this file; only its figures are measured then")
	flag.DurationVar(&o.flooded, "flood", time.Minute, "how long the client is flooded")
	flag.IntVar(&o.held, "held", 10_000_000, "records that the client holds and searches")
	flag.Float64Var(&o.gigabytes, "gigabytes", 1, "gigabytes that an archive holds which begins")
	flag.Float64Var(&o.days, "days", 1, "how much of each day is held where growth is measured")
	more := flag.String("proxy-flags", "", "more flags of the proxy that is measured, such as --admin 127.0.0.1:5581 --pprof")
	only := flag.String("only", "", "scenarios whose name matches this regular expression")
	flag.Parse()
	o.proxyFlags = strings.Fields(*more)
	re, err := regexp.Compile(*only)
	if err == nil && *only != "record" && *only != "publish" && *only != "replay" {
		err = o.run(re)
	}
	if err == nil && (*only == "record" || *only == ".") {
		err = o.recordings()
	}
	if err == nil && (*only == "publish" || *only == ".") {
		err = o.publishing()
	}
	if err == nil && (*only == "replay" || *only == ".") {
		err = o.replays()
	}
	if err == nil {
		err = o.archives(re)
	}
	if err == nil {
		err = o.consumes(re)
	}
	if err == nil {
		err = o.readings(re)
	}
	if err == nil {
		err = o.replaying(re)
	}
	if err == nil {
		err = o.muchHeld(re)
	}
	if err == nil {
		err = o.proxies(re)
	}
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

type options struct {
	sluice  string
	rounds  int
	time    time.Duration
	profile string
	flooded time.Duration
	held    int

	gigabytes  float64
	days       float64
	proxyFlags []string // more flags of sluice proxy
}

// scenarios are what is measured.
var scenarios = []scenario{
	{name: "1 publisher, 1 reader", publishers: 1, readers: 1, streams: 1, record: 240},
	{name: "8 readers of one stream", publishers: 1, readers: 8, streams: 1, record: 240},
	{name: "100 readers of one stream", publishers: 1, readers: 100, streams: 1, record: 240},
	{name: "64 streams, a reader each", publishers: 1, readers: 64, streams: 64, record: 240},
	{name: "8 readers, copying", publishers: 1, readers: 8, streams: 1, record: 240, copying: true},
	{name: "100 readers, copying", publishers: 1, readers: 100, streams: 1, record: 240, copying: true},
	{name: "64 streams, copying", publishers: 1, readers: 64, streams: 64, record: 240, copying: true},
	{name: "4 publishers on one stream", publishers: 4, readers: 1, streams: 1, record: 240},
	{name: "16-byte records", publishers: 1, readers: 1, streams: 1, record: 16},
	{name: "16-KiB records", publishers: 1, readers: 1, streams: 1, record: 16 << 10},
	{name: "encrypted, 1 reader", publishers: 1, readers: 1, streams: 1, record: 240, encrypted: true},
	{name: "encrypted, 8 readers", publishers: 1, readers: 8, streams: 1, record: 240, encrypted: true},
	{name: "encrypted, 100 readers", publishers: 1, readers: 100, streams: 1, record: 240, encrypted: true},
	{name: "encrypted, 16-byte records", publishers: 1, readers: 1, streams: 1, record: 16, encrypted: true},
	{name: "encrypted, 16-KiB records", publishers: 1, readers: 1, streams: 1, record: 16 << 10, encrypted: true},
}

// pumps reports whether pumps are to be measured, too.
func (o options) pumps(only *regexp.Regexp) bool {
	return only.MatchString("latency") || only.MatchString(idleName) || slices.ContainsFunc(scenarios, func(s scenario) bool { return only.MatchString(s.name) })
}

func (o options) run(only *regexp.Regexp) error {
	if err := o.clients(only); err != nil || !o.pumps(only) {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	dir, err := os.MkdirTemp("", "sluice-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	proxy, err := buildPeer(dir, "zmq_proxy")
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	keys, err := newEncryption(dir)
	if err != nil {
		return err
	}
	targets := []target{
		{name: "sluice", command: func(pub, sub string) []string {
			return []string{o.sluice, "consolidator", "--publish", pub, "--subscribe", sub, "--admin", ""}
		}, encrypted: []string{"--curve-key", keys.file}},
		{name: "libzmq", command: func(pub, sub string) []string { return []string{proxy, pub, sub} }, encrypted: []string{keys.public, keys.secret}},
		{name: "relay", command: func(pub, sub string) []string { return []string{self, "relay", pub, sub} }},
	}
	if o.profile != "" {
		targets = []target{{name: "sluice", command: func(pub, sub string) []string {
			return []string{self, "profiled", pub, sub, o.profile}
		}, encrypted: []string{keys.file}}}
	}
	fmt.Printf("medians of %d rounds of %v; M/s: million records delivered a second; µs: CPU of the pump per delivered record\n\n", o.rounds, o.time)
	fmt.Printf("%-28s %22s %22s %22s   %s\n", "", "sluice", "libzmq", "relay", "ratios")
	fmt.Printf("%-28s %8s %6s %6s %8s %6s %6s %8s %6s %6s   %s\n", "", "M/s", "µs", "MiB", "M/s", "µs", "MiB", "M/s", "µs", "MiB", "rate × libzmq   CPU × relay")
	for _, s := range scenarios {
		if !only.MatchString(s.name) {
			continue
		}
		all := make([][]result, len(targets))
		for range o.rounds {
			for i, t := range targets {
				select {
				case <-stop:
					return fmt.Errorf("interrupted")
				default:
				}
				if t.name == "relay" && (s.streams > 1 || s.encrypted) {
					continue // it does not tell streams apart, and does not encrypt
				}
				if s.encrypted {
					s.keys = keys
				}
				r, err := t.measure(s, o.time)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", t.name, s.name, err)
				}
				all[i] = append(all[i], r)
			}
		}
		fmt.Printf("%-28s", s.name)
		var m [3]result
		for i := range targets {
			if len(all[i]) == 0 {
				fmt.Printf(" %8s %6s %6s", "-", "-", "-")
				continue
			}
			m[i] = median(all[i])
			fmt.Printf(" %8.2f %6.3f %6.0f", m[i].rate/1e6, m[i].cpu*1e6, m[i].memory/(1<<20))
		}
		if len(targets) > 1 {
			fmt.Printf("   %.2f", m[0].rate/m[1].rate)
		}
		if m[2].rate > 0 {
			fmt.Printf("            %.2f", m[0].cpu/m[2].cpu)
		}
		fmt.Println()
	}
	if only.MatchString("latency") {
		if err := o.latencies(targets); err != nil {
			return err
		}
	}
	if only.MatchString(idleName) && o.profile == "" {
		return o.idle(targets[0])
	}
	return nil
}

// median is the median of each figure.
func median(all []result) (m result) {
	pick := func(f func(result) float64) float64 {
		v := make([]float64, len(all))
		for i, r := range all {
			v[i] = f(r)
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	m.rate = pick(func(r result) float64 { return r.rate })
	m.cpu = pick(func(r result) float64 { return r.cpu })
	m.memory = pick(func(r result) float64 { return r.memory })
	return m
}
