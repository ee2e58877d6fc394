package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"sluice/cluster/zmtp"
)

// panes opens two panes beside one another, with a record in each.
func (c *clientCluster) panes(sluice string) (*terminal, error) {
	for _, stream := range []string{clientStream, besideStream} {
		p, err := c.publishTo(stream, 1000, 100)
		if err != nil {
			return nil, err
		}
		defer p.end()
	}
	t, err := openTerminal(sluice, "tail", "--consolidator", c.sub.String(), clientStream, besideStream)
	if err != nil {
		return nil, err
	}
	if _, err := t.wait(20*time.Second, func(screen string) bool { return strings.Count(screen, "0000000099") == 2 }); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// clientPanes measures two panes beside one another: what goes to the terminal while
// little comes, and how long a key takes in a flood.
func (o options) clientPanes(c *clientCluster) error {
	const rate = 40
	if err := o.calmPanes(c, rate); err != nil {
		return err
	}
	return o.flood(c, 100_000, []string{clientStream, besideStream}, "tail", "--consolidator", c.sub.String(), clientStream, besideStream)
}

// calmPanes measures the bytes to a terminal at so many records a second in all.
func (o options) calmPanes(c *clientCluster, rate int) error {
	t, err := c.panes(o.sluice)
	if err != nil {
		return err
	}
	defer t.close()
	for _, stream := range []string{clientStream, besideStream} {
		p, err := c.speak(stream, rate/2)
		if err != nil {
			return err
		}
		defer p.end()
	}
	time.Sleep(4 * time.Second) // what may come at once has come
	cpu, err := cpuTime(t.cmd.Process.Pid)
	if err != nil {
		return err
	}
	const span = 10 * time.Second
	before := t.bytes()
	t.takeGaps()
	time.Sleep(span)
	taken, gaps := t.bytes()-before, t.takeGaps()
	after, err := cpuTime(t.cmd.Process.Pid)
	if err != nil {
		return err
	}
	fmt.Printf("  two panes at %d records/s: %.1f KB/s (at least 60, aim 20); %.0f frames/s; %.1f %% of a core\n",
		rate, float64(taken)/span.Seconds()/1e3, float64(len(gaps))/span.Seconds(), float64(after-cpu)/float64(span)*100)
	return nil
}

// speak publishes records at a rate a second that say something different each, as
// services do: what scrolls has few columns in common.
func (c *clientCluster) speak(stream string, rate int) (*publisher, error) {
	conn, err := dial(c.pub, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &publisher{conn: conn, stop: cancel, done: make(chan error, 1)}
	words := strings.Fields("request completed tenant cache expired while reading from upstream retry connection refused user session renewed token batch of rows written to disk slow query plan changed worker idle")
	go func() {
		random := rand.New(rand.NewPCG(1, uint64(len(stream))))
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-ctx.Done():
				p.done <- nil
				return
			case at := <-tick.C:
				said := make([]string, 3+random.IntN(9))
				for k := range said {
					said[k] = words[random.IntN(len(words))]
				}
				text := fmt.Sprintf(`{"v":0,"name":"webtask","hostname":"vm-1","pid":4711,"level":%d,"time":"%s","msg":"%s","tenant":"t%d","status":%d,"ms":%d}`,
					30+10*(random.IntN(20)/18), at.UTC().Format("2006-01-02T15:04:05.000Z"), strings.Join(said, " "), random.IntN(50), 200+random.IntN(4)*100, random.IntN(1000))
				if _, err := p.conn.Write(zmtp.AppendMessage(nil, stream, []byte(text))); err != nil {
					p.done <- err
					return
				}
			}
		}
	}()
	return p, nil
}

// clientSlowLine measures the help over a line of 20 KB/s, with two panes on the screen.
func (o options) clientSlowLine(c *clientCluster) error {
	const rate = 20_000
	t, err := c.panes(o.sluice)
	if err != nil {
		return err
	}
	defer t.close()
	for _, stream := range []string{clientStream, besideStream} { // the screen is full of both
		p, err := c.speak(stream, 20)
		if err != nil {
			return err
		}
		defer p.end()
	}
	time.Sleep(3 * time.Second)
	t.slow(rate)
	defer t.slow(0)
	var opened, closed []time.Duration
	for range 10 * o.rounds {
		keys, err := t.key()
		if err != nil {
			return err
		}
		opened, closed = append(opened, keys[0]), append(closed, keys[1])
		time.Sleep(time.Second)
	}
	fmt.Printf("  ? over a line of %d KB/s, records coming: median %s, longest %s; closed again: median %s, longest %s (at least 300 ms, aim 100 ms)\n",
		rate/1000, ms(quantile(opened, 0.5)), ms(quantile(opened, 1)), ms(quantile(closed, 0.5)), ms(quantile(closed, 1)))
	return nil
}
