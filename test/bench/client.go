package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// clientScenarios drive the real client in a pseudo-terminal against a real
// consolidator.
var clientScenarios = []struct {
	name string
	run  func(options, *clientCluster) error
}{
	{"client start", options.clientStart},
	{"client idle", options.clientIdle},
	{"client flood", options.clientFlood},
	{"client proxy", options.clientProxy},
	{"client panes", options.clientPanes},
	{"client slow line", options.clientSlowLine},
	{"client held", options.clientHeld},
	{"client groups", options.clientGroups},
	{"client timeline", options.clientTimeline},
}

func (o options) clients(only *regexp.Regexp) error {
	for _, s := range clientScenarios {
		if !only.MatchString(s.name) {
			continue
		}
		c, err := startClientCluster(o.sluice)
		if err == nil {
			fmt.Printf("\n%s\n", s.name)
			err = s.run(o, c)
			c.stop()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// quantile is of durations; 1 is the longest.
func quantile(all []time.Duration, f float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return all[int(f*float64(len(all)-1))]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }

// clientStart measures the time from the start of the client to the first
// record on its screen.
func (o options) clientStart(c *clientCluster) error {
	p, err := c.publish(1_000_000, 1000)
	if err != nil {
		return err
	}
	defer p.end()
	if err := <-p.done; err != nil {
		return err
	}
	p.done <- nil
	var all []time.Duration
	for range 11 {
		t, err := openTerminal(o.sluice, "tail", "--consolidator", c.sub.String(), clientStream)
		if err != nil {
			return err
		}
		_, err = t.waitFor(20*time.Second, "request 0000000999 completed")
		all = append(all, time.Since(t.begun))
		t.close()
		if err != nil {
			return err
		}
	}
	fmt.Printf("  start to the first records on the screen: median %s, longest of %d %s (aim 150 ms)\n", ms(quantile(all, 0.5)), len(all), ms(quantile(all, 1)))
	return nil
}

// clientIdle measures what a client costs on a stream without records.
func (o options) clientIdle(c *clientCluster) error {
	t, err := openTerminal(o.sluice, "tail", "--consolidator", c.sub.String(), clientStream)
	if err != nil {
		return err
	}
	defer t.close()
	if _, err := t.waitFor(20*time.Second, "No records yet"); err != nil {
		return err
	}
	p, err := c.publish(1_000_000, 1000)
	if err != nil {
		return err
	}
	defer p.end()
	if _, err := t.waitFor(30*time.Second, "quiet since"); err != nil {
		return err
	}
	before, err := cpuTime(t.cmd.Process.Pid)
	if err != nil {
		return err
	}
	const span = 10 * time.Second
	time.Sleep(span)
	after, err := cpuTime(t.cmd.Process.Pid)
	if err != nil {
		return err
	}
	fmt.Printf("  an idle client: %.2f %% of a core (aim 1 %%)\n", float64(after-before)/float64(span)*100)
	return nil
}

// clientFlood measures 300,000 records a second into one pane.
func (o options) clientFlood(c *clientCluster) error {
	return o.flood(c, 300_000, []string{clientStream}, "tail", "--consolidator", c.sub.String(), clientStream)
}

// clientProxy measures 200,000 records a second through the proxy.
func (o options) clientProxy(c *clientCluster) error {
	url, pid, err := c.proxy()
	if err != nil {
		return err
	}
	before, err := cpuTime(pid)
	if err != nil {
		return err
	}
	begun := time.Now()
	err = o.flood(c, 200_000, []string{clientStream}, "tail", "--proxy", url, clientStream)
	if after, cpuErr := cpuTime(pid); err == nil && cpuErr == nil {
		fmt.Printf("  the proxy took %.0f %% of a core\n", float64(after-before)/float64(time.Since(begun))*100)
	}
	return err
}

// flood measures a client into which records come at a rate, of several streams in all.
func (o options) flood(c *clientCluster, rate int, streams []string, args ...string) error {
	for _, stream := range streams {
		first, err := c.publishTo(stream, 1000, 1)
		if err != nil {
			return err
		}
		defer first.end()
	}
	t, err := openTerminal(o.sluice, args...)
	if err != nil {
		return err
	}
	defer t.close()
	if _, err := t.waitFor(20*time.Second, "completed"); err != nil {
		return err
	}
	var all []*publisher
	sentOf := func() (sent int64) {
		for _, p := range all {
			sent += p.sent.Load()
		}
		return sent
	}
	for _, stream := range streams {
		p, err := c.publishTo(stream, rate/len(streams), 0)
		if err != nil {
			return err
		}
		defer p.end()
		all = append(all, p)
	}
	time.Sleep(2 * time.Second) // it warms up
	t.takeGaps()
	pid := t.cmd.Process.Pid
	cpu, err := cpuTime(pid)
	if err != nil {
		return err
	}
	begun, sent := time.Now(), sentOf()
	lost, _, err := t.dropped()
	if err != nil {
		return err
	}
	var keys, gaps []time.Duration
	for time.Since(begun) < o.flooded {
		some, err := t.key()
		if err != nil {
			return err
		}
		keys = append(keys, some...)
		time.Sleep(50 * time.Millisecond)
	}
	gaps = t.takeGaps()
	took := time.Since(begun)
	after, err := cpuTime(pid)
	if err != nil {
		return err
	}
	published := sentOf() - sent
	for _, p := range all {
		p.stop()
	}
	time.Sleep(time.Second)
	dropped, unknown, err := t.dropped()
	if err != nil {
		return err
	}
	peak, err := peakMemory(pid)
	if err != nil {
		return err
	}
	plus := ""
	if unknown {
		plus = ", and an unknown number"
	}
	fmt.Printf("  %.0f records/s for %.0f s; %d dropped%s (aim 0)\n", float64(published)/took.Seconds(), took.Seconds(), dropped-lost, plus)
	fmt.Printf("  between frames: median %s, p99 %s, longest %s (aim 50 ms)\n", ms(quantile(gaps, 0.5)), ms(quantile(gaps, 0.99)), ms(quantile(gaps, 1)))
	fmt.Printf("  key to screen: median %s, p99 %s, longest of %d %s (aim p99 50 ms)\n", ms(quantile(keys, 0.5)), ms(quantile(keys, 0.99)), len(keys), ms(quantile(keys, 1)))
	fmt.Printf("  client: %.0f %% of a core, %.2f µs a record, peak memory %.0f MiB\n", float64(after-cpu)/float64(took)*100, float64(after-cpu)/1e3/float64(published), peak/(1<<20))
	return nil
}

// residentMemory is what a process holds now.
func residentMemory(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	return float64(pages * os.Getpagesize()), err
}

// clientHeld holds many records and searches them.
func (o options) clientHeld(c *clientCluster) error {
	n := o.held
	t, err := o.hold(c, n)
	if err != nil {
		return err
	}
	defer t.close()
	pid := t.cmd.Process.Pid
	resident, err := residentMemory(pid)
	if err != nil {
		return err
	}
	fmt.Printf("  %d records of %d bytes held: %.0f MiB, %.2f times their bytes (aim 1.30)\n", n, clientRecord, resident/(1<<20), resident/float64(n*clientRecord))
	for _, s := range []struct {
		pattern string
		aimed   bool
	}{
		{"needle", true},
		{"request 00000012", true},
		{"completed", true},
		{"tenant=acme", false},
		{`request \d+77 `, false},
		{`[xy]{9}z`, false},
	} {
		if err := t.search(s.pattern, s.aimed); err != nil {
			return fmt.Errorf("search for %q: %w", s.pattern, err)
		}
	}
	resident, err = residentMemory(pid)
	if err != nil {
		return err
	}
	fmt.Printf("  after the searches: %.0f MiB, %.2f times their bytes\n", resident/(1<<20), resident/float64(n*clientRecord))
	return nil
}

var (
	foundFirst = regexp.MustCompile(`[\d,]+/[\d,]+`)
	foundAll   = regexp.MustCompile(`(?:[\d,]+/[\d,]+|no match)(?:[^\d,+]|$)`)
)

// search types a pattern and measures until its first match is on the screen,
// and until all are counted; keys are pressed meanwhile.
func (t *terminal) search(pattern string, aimed bool) error {
	if err := t.press("G/"); err != nil {
		return err
	}
	if _, err := t.waitFor(20*time.Second, "regular expression"); err != nil {
		return err
	}
	head, last := pattern[:len(pattern)-1], pattern[len(pattern)-1:]
	if err := t.press(head); err != nil {
		return err
	}
	if _, err := t.wait(20*time.Second, func(string) bool { return strings.Contains(t.bottom(), "/"+head+" ") }); err != nil {
		return err
	}
	// What the beginning finds must not be taken for what the whole does.
	if err := t.press(last); err != nil {
		return err
	}
	begun := time.Now()
	after := func() string {
		_, rest, _ := strings.Cut(t.bottom(), "/"+pattern+" ")
		rest, _, _ = strings.Cut(rest, " kept")
		return rest
	}
	is := func(re *regexp.Regexp) func(string) bool {
		return func(string) bool { return re.MatchString(after()) }
	}
	if _, err := t.wait(120*time.Second, func(string) bool {
		return foundFirst.MatchString(after()) || foundAll.MatchString(after())
	}); err != nil {
		return err
	}
	first := time.Since(begun)
	if _, err := t.wait(120*time.Second, is(foundAll)); err != nil {
		return err
	}
	all := time.Since(begun)
	found := strings.TrimSpace(foundAll.FindString(after()))
	// Once more, with keys.
	if err := t.press("\x15" + pattern + "\r"); err != nil {
		return err
	}
	var keys []time.Duration
	for again := time.Now(); time.Since(again) < min(all, 5*time.Second) || len(keys) == 0; {
		some, err := t.key()
		if err != nil {
			return err
		}
		keys = append(keys, some...)
	}
	aims := ""
	if aimed {
		aims = " (aims 50 ms and 2 s)"
	}
	fmt.Printf("  search %-18q first match %8s, all (%s) %.2f s%s; a key meanwhile at most %s\n", pattern, ms(first), found, all.Seconds(), aims, ms(quantile(keys, 1)))
	return t.press("\x1b")
}
