package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// hold starts a client and publishes until it holds so many records.
func (o options) hold(c *clientCluster, n int) (_ *terminal, err error) {
	first, err := c.publish(1000, 1)
	if err != nil {
		return nil, err
	}
	defer first.end()
	t, err := openTerminal(o.sluice, "tail", "--last", "0", "--keep", strconv.Itoa(n), "--keep-bytes", "16GiB", "--consolidator", c.sub.String(), clientStream)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if _, err := t.waitFor(20*time.Second, "dropped"); err != nil {
		return nil, err
	}
	for {
		kept, err := t.number(keptNumber)
		if err != nil {
			return nil, err
		}
		if kept >= n {
			time.Sleep(time.Second)
			return t, nil
		}
		p, err := c.publish(250_000, n-kept+n/100)
		if err != nil {
			return nil, err
		}
		<-p.done
		p.done <- nil
		time.Sleep(time.Second)
		p.end()
	}
}

// clientGroups folds a million records into groups.
func (o options) clientGroups(c *clientCluster) error {
	n := min(o.held, 1_000_000)
	t, err := o.hold(c, n)
	if err != nil {
		return err
	}
	defer t.close()
	for range o.rounds {
		begun := time.Now()
		if err := t.press("*"); err != nil {
			return err
		}
		if _, err := t.waitFor(60*time.Second, " in 1 group"); err != nil {
			return err
		}
		first := time.Since(begun)
		if _, err := t.wait(60*time.Second, func(screen string) bool {
			return strings.Contains(screen, " in 1 group") && !strings.Contains(screen, "so far")
		}); err != nil {
			return err
		}
		all := time.Since(begun)
		keys, err := t.key()
		if err != nil {
			return err
		}
		fmt.Printf("  groups of %d records: first %s, all %.2f s (at least 100 ms and 3 s); a key then %s\n", n, ms(first), all.Seconds(), ms(quantile(keys, 1)))
		if err := t.press("\x1b"); err != nil {
			return err
		}
		if _, err := t.wait(20*time.Second, func(screen string) bool { return !strings.Contains(screen, "Groups of") }); err != nil {
			return err
		}
	}
	return nil
}

// clientTimeline opens the timeline of many records, and of what a filter shows of them.
func (o options) clientTimeline(c *clientCluster) error {
	t, err := o.hold(c, o.held)
	if err != nil {
		return err
	}
	defer t.close()
	for _, filter := range []string{"", "level>=info", "tenant=acme"} {
		what := "opened"
		if filter != "" {
			if err := t.filter(filter); err != nil {
				return err
			}
			took, err := t.timeline()
			if err != nil {
				return err
			}
			fmt.Printf("  timeline of %d records, opened while the filter %s begins to go through them: all %s\n", o.held, filter, ms(took))
			what = "opened after the filter " + filter
		}
		for range o.rounds {
			took, err := t.timeline()
			if err != nil {
				return err
			}
			fmt.Printf("  timeline of %d records, %s: %s (at least 300 ms)\n", o.held, what, ms(took))
		}
	}
	return nil
}

// filter replaces the filter, and comes back as soon as the prompt has gone.
func (t *terminal) filter(text string) error {
	if err := t.press("f\x15" + text); err != nil {
		return err
	}
	is := func(shown bool) func(string) bool {
		return func(string) bool { return strings.Contains(t.bottom(), text) == shown }
	}
	if _, err := t.wait(20*time.Second, is(true)); err != nil {
		return err
	}
	if err := t.press("\r"); err != nil {
		return err
	}
	_, err := t.wait(20*time.Second, is(false))
	return err
}

// timeline opens the timeline until it is whole, and closes it.
func (t *terminal) timeline() (took time.Duration, err error) {
	begun := time.Now()
	if err := t.press("h"); err != nil {
		return 0, err
	}
	if _, err := t.wait(120*time.Second, func(screen string) bool {
		return strings.Contains(screen, "▲") && !strings.Contains(screen, "so far")
	}); err != nil {
		return 0, err
	}
	took = time.Since(begun)
	if err := t.press("\x1b"); err != nil {
		return 0, err
	}
	_, err = t.wait(20*time.Second, func(screen string) bool { return !strings.Contains(screen, "Timeline") })
	return took, err
}
