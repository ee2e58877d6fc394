package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"

	"sluice/cluster/zmtp"
)

// resumed is how many clients come back at once after a proxy was killed, and what
// they had before, and missed.
const (
	resumed       = 10_000
	resumedBefore = 200
	resumedAfter  = 100
)

// resuming kills a proxy, and has clients come back to another one: each from where it
// was, and each has to get exactly what came after that.
func (o options) resuming() error {
	c, err := startClientCluster(o.sluice)
	if err != nil {
		return err
	}
	defer c.stop()
	pub, err := dial(c.pub, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true})
	if err != nil {
		return err
	}
	defer pub.Close()
	url, pid, err := c.proxy(o.proxyFlags...)
	if err != nil {
		return err
	}
	s := &httpServer{address: strings.TrimPrefix(url, "http://"), path: func(stream string) string { return "/api/logs/" + stream }}
	first, err := s.follow("")
	if err != nil {
		return err
	}
	if err := first.until("event: source"); err != nil {
		return err
	}
	publish := func(from, n int) error {
		for i := from; i < from+n; i++ {
			if _, err := pub.Write(zmtp.AppendMessage(nil, streamName(0), fmt.Appendf(nil, `{"n":%d,"msg":"%s"}`, i, strings.Repeat("x", 200)))); err != nil {
				return err
			}
		}
		return nil
	}
	if err := publish(0, resumedBefore); err != nil {
		return err
	}
	ids := make([]string, resumedBefore)
	for i := range ids {
		if ids[i], err = first.record(i); err != nil {
			return err
		}
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	if err := publish(resumedBefore, resumedAfter); err != nil {
		return err
	}
	if url, pid, err = c.proxy(o.proxyFlags...); err != nil {
		return err
	}
	s.address = strings.TrimPrefix(url, "http://")
	nc, err := dialHTTP(s.address) // it listens
	if err != nil {
		return err
	}
	_ = nc.Close()

	begun, failed := time.Now(), make(chan error, resumed)
	var back sync.WaitGroup
	places := make(chan struct{}, 200) // that connect at a time
	for i := range resumed {
		back.Go(func() {
			had := i % resumedBefore
			places <- struct{}{}
			f, err := s.follow("Last-Event-ID: " + ids[had])
			<-places
			for n := had + 1; n < resumedBefore+resumedAfter && err == nil; n++ {
				_, err = f.record(n)
			}
			if err != nil {
				failed <- fmt.Errorf("a client that had %d: %w", had, err)
			}
			if f != nil {
				_ = f.conn.Close()
			}
		})
	}
	back.Wait()
	took := time.Since(begun)
	used, err := cpuTime(pid)
	if err != nil {
		return err
	}
	wrong := len(failed)
	fmt.Printf("\nproxy: %d clients back at once after kill -9, each %d to %d records behind: all had within %.1f s, %.1f s of the proxy's CPU; not exact: %d\n",
		resumed, resumedAfter, resumedAfter+resumedBefore, took.Seconds(), used.Seconds(), wrong)
	if wrong > 0 {
		fmt.Println("for example:", <-failed)
	}
	return nil
}

// follower reads events one by one.
type follower struct {
	conn interface{ Close() error }
	in   *bufio.Reader
}

func (s *httpServer) follow(header string) (*follower, error) {
	nc, _, err := s.dial()
	if err != nil {
		return nil, err
	}
	_ = nc.SetReadDeadline(time.Now().Add(time.Minute))
	var headers []string
	if header != "" {
		headers = append(headers, header)
	}
	if _, err := nc.Write(s.request(streamName(0), "", headers...)); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return &follower{conn: nc, in: bufio.NewReaderSize(nc, 1<<10)}, nil
}

func (f *follower) until(text string) error {
	for {
		line, err := f.in.ReadString('\n')
		if err != nil || strings.Contains(line, text) {
			return err
		}
	}
}

// record reads up to the next record, which has to be that number, and returns its id.
func (f *follower) record(n int) (id string, err error) {
	for {
		line, err := f.in.ReadBytes('\n')
		if err != nil {
			return "", err
		}
		switch {
		case bytes.HasPrefix(line, []byte("id: ")):
			id = string(bytes.TrimSpace(line[len("id: "):]))
		case bytes.HasPrefix(line, []byte("event: dropped")):
			return "", errors.New("it was told of a loss")
		case bytes.HasPrefix(line, []byte(`data: {"n":`)) && !bytes.Contains(line, []byte(`"consolidator"`)):
			if want := fmt.Appendf(nil, `data: {"n":%d,`, n); !bytes.HasPrefix(line, want) {
				return "", fmt.Errorf("it got %.20q, not record %d", line, n)
			}
			return id, nil
		}
	}
}
