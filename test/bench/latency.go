package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"sluice/cluster/zmtp"
)

// The load at which latency is measured: records of 240 bytes, each a write of
// its own, at a rate that keeps nobody busy.
const (
	latencyRate   = 10_000 // records a second
	latencyRecord = 240    // bytes
)

// quantiles are of the time from a record's write to its being read.
type quantiles struct{ p50, p99, p999 time.Duration }

// latency runs one round.
func (t target) latency(span time.Duration) (q quantiles, err error) {
	pub, sub, err := freeEndpoints()
	if err != nil {
		return q, err
	}
	stop, _, err := t.start(pub, sub)
	if err != nil {
		return q, err
	}
	defer stop()
	reader, err := dial(sub, zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}, Foreign: true})
	if err != nil {
		return q, err
	}
	defer reader.Close()
	if _, err := reader.Write(zmtp.AppendSubscription(nil, reader.Peer.Version, "system", false)); err != nil {
		return q, err
	}
	writer, err := dial(pub, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true})
	if err != nil {
		return q, err
	}
	defer writer.Close()

	ctx, cancel := context.WithTimeout(context.Background(), span+time.Second)
	defer cancel()
	var writing sync.WaitGroup
	writing.Go(func() { writeTimes(ctx, writer) })
	defer writing.Wait()
	stopReading := context.AfterFunc(ctx, func() { _ = reader.SetReadDeadline(time.Now()) })
	defer stopReading()

	var all []time.Duration
	begun := time.Now()
	in := zmtp.NewReceiver(reader)
	defer in.Close()
	for ctx.Err() == nil {
		if err := in.Fill(); err != nil {
			break
		}
		now := time.Now()
		for {
			tok, err := in.Next()
			if err != nil {
				return q, err
			}
			if tok.Kind == zmtp.TokenNone {
				break
			}
			// The first second warms up.
			if tok.Kind == zmtp.TokenMessage && len(tok.Body) == latencyRecord && now.Sub(begun) > time.Second {
				all = append(all, now.Sub(time.Unix(0, int64(binary.BigEndian.Uint64(tok.Body)))))
			}
		}
	}
	if len(all) < 100 {
		return q, errors.New("hardly anything was delivered")
	}
	slices.Sort(all)
	at := func(f float64) time.Duration { return all[int(f*float64(len(all)-1))] }
	return quantiles{at(0.50), at(0.99), at(0.999)}, nil
}

// writeTimes writes records that hold the time of their writing, at an even
// pace. It sleeps in the kernel, on a thread of its own: the runtime's timers
// are too coarse.
func writeTimes(ctx context.Context, w *zmtp.Conn) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	rec := []byte(strings.Repeat("x", latencyRecord))
	var msg []byte
	next := time.Now()
	for ctx.Err() == nil {
		next = next.Add(time.Second / latencyRate)
		if wait := time.Until(next); wait > 0 {
			ts := syscall.NsecToTimespec(int64(wait))
			_ = syscall.Nanosleep(&ts, nil)
		}
		binary.BigEndian.PutUint64(rec, uint64(time.Now().UnixNano()))
		msg = zmtp.AppendMessage(msg[:0], "system", rec)
		if _, err := w.Write(msg); err != nil {
			return
		}
	}
}

// latencies prints the table of latencies: the targets take turns.
func (o options) latencies(targets []target) error {
	all := make([][]quantiles, len(targets))
	for range o.rounds {
		for i, t := range targets {
			q, err := t.latency(o.time)
			if err != nil {
				return fmt.Errorf("%s, latency: %w", t.name, err)
			}
			all[i] = append(all[i], q)
		}
	}
	fmt.Printf("\nlatency at %d records/s, one record a write, write to read; medians of %d rounds\n\n", latencyRate, o.rounds)
	m := make([]quantiles, len(targets))
	for i, t := range targets {
		m[i] = quantiles{
			mid(all[i], func(q quantiles) time.Duration { return q.p50 }),
			mid(all[i], func(q quantiles) time.Duration { return q.p99 }),
			mid(all[i], func(q quantiles) time.Duration { return q.p999 }),
		}
		fmt.Printf("%-8s p50 %8v  p99 %8v  p99.9 %8v\n", t.name, m[i].p50, m[i].p99, m[i].p999)
	}
	if len(targets) > 1 {
		ratio := func(a, b time.Duration) float64 { return float64(a) / float64(b) }
		fmt.Printf("%-8s p50 %8.2f  p99 %8.2f  p99.9 %8.2f\n", "× libzmq", ratio(m[0].p50, m[1].p50), ratio(m[0].p99, m[1].p99), ratio(m[0].p999, m[1].p999))
	}
	return nil
}

func mid[T any](all []T, f func(T) time.Duration) time.Duration {
	v := make([]time.Duration, len(all))
	for i, q := range all {
		v[i] = f(q)
	}
	slices.Sort(v)
	return v[len(v)/2].Round(100 * time.Nanosecond)
}
