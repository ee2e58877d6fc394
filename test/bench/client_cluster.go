package main

import (
	"context"
	"net"
	"slices"

	"sluice/cluster/zmtp"
)

// clientCluster is a consolidator, and a proxy when one is wanted.
type clientCluster struct {
	sluice   string
	pub, sub zmtp.Endpoint
	stops    []func()
}

func startClientCluster(sluice string) (*clientCluster, error) {
	c := &clientCluster{sluice: sluice}
	var err error
	if c.pub, c.sub, err = freeEndpoints(); err != nil {
		return nil, err
	}
	t := target{command: func(pub, sub string) []string {
		return []string{sluice, "consolidator", "--publish", pub, "--subscribe", sub, "--admin", ""}
	}}
	stop, _, err := t.start(c.pub, c.sub)
	if err != nil {
		return nil, err
	}
	c.stops = append(c.stops, stop)
	return c, nil
}

func (c *clientCluster) stop() {
	slices.Reverse(c.stops)
	for _, stop := range c.stops {
		stop()
	}
}

// proxy starts a proxy with more flags, and returns its address and its process.
func (c *clientCluster) proxy(flags ...string) (string, int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", 0, err
	}
	address := ln.Addr().String()
	_ = ln.Close()
	t := target{command: func(_, sub string) []string {
		return append([]string{c.sluice, "proxy", "--admin", "", "--max-sessions", "0", "--max-tenant-sessions", "0", "--listen", address, "--consolidator", sub}, flags...)
	}}
	stop, pid, err := t.start(c.pub, c.sub)
	if err != nil {
		return "", 0, err
	}
	c.stops = append(c.stops, stop)
	return "http://" + address, pid, nil
}

// clientStream is the stream that the client is measured with.
const clientStream = "system"

// besideStream is the stream of a second pane.
const besideStream = "beside"

// publish begins to publish n records (0: no end) at a rate a second.
func (c *clientCluster) publish(rate, n int) (*publisher, error) {
	return c.publishTo(clientStream, rate, n)
}

func (c *clientCluster) publishTo(stream string, rate, n int) (*publisher, error) {
	conn, err := dial(c.pub, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &publisher{conn: conn, stop: cancel, done: make(chan error, 1)}
	go func() { p.done <- p.run(ctx, stream, rate, n) }()
	return p, nil
}
