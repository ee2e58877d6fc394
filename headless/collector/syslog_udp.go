package collector

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"sluice/headless/shipper"
)

const (
	maxDatagram   = 64 << 10    // bytes; no datagram is larger
	receiveBuffer = 8 << 20     // bytes of datagrams that the system is asked to keep
	dropsEvery    = time.Second // how often it is asked how many it dropped
)

// packets reads datagrams until ctx ends.
func (s *syslogSource) packets(ctx context.Context, out *shipper.Feed) error {
	conn, err := net.ListenPacket("udp", s.Address)
	if err != nil {
		return err
	}
	udp := conn.(*net.UDPConn)
	defer udp.Close()
	_ = udp.SetReadBuffer(receiveBuffer) // or as much as the system permits
	s.bound.Store(udp.LocalAddr().String())
	defer context.AfterFunc(ctx, func() { _ = udp.SetReadDeadline(time.Now().Add(drainFor)) })()

	var watching sync.WaitGroup
	done := make(chan struct{})
	drops := &drops{source: s, out: out, conn: udp}
	watching.Go(func() { drops.watch(done) })
	defer func() {
		close(done)
		watching.Wait()
		drops.tell()
	}()

	pipe := out.Pipe("syslog", "")
	data, buf := make([]byte, maxDatagram), []byte(nil)
	for {
		n, peer, err := udp.ReadFromUDP(data)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return err
		}
		if buf, err = s.take(out, pipe, buf, data[:n], 0, peer); err != nil {
			return err
		}
	}
}

// drops tells of datagrams that the system dropped since nobody read them in time.
type drops struct {
	source *syslogSource
	out    *shipper.Feed
	conn   *net.UDPConn
	told   uint32
}

// watch tells of them from time to time until done is closed.
func (d *drops) watch(done <-chan struct{}) {
	tick := time.NewTicker(dropsEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			d.tell()
		}
	}
}

// tell tells of those since the last time.
func (d *drops) tell() {
	all, ok := datagramDrops(d.conn)
	n := uint64(all - d.told)
	if !ok || n == 0 {
		return
	}
	d.told = all
	d.source.dropped.Add(n)
	text := fmt.Sprintf("%d messages to %s were dropped by the system before they could be read: raise net.core.rmem_max, or send by TCP", n, d.source.label())
	_ = d.out.Lost(d.source.streams.fallback, n, text, "dropped", n, "source", d.source.label()) // it counts what is not taken
}
