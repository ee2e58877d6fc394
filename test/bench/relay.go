package main

import (
	"net"
	"sync"

	"sluice/cluster/zmtp"
)

// relay passes what publishers send to all readers as it comes, without
// looking at it: no frames, no streams, and it waits for the slowest. After
// the handshakes it is nothing but reads and writes.
func relay(publish, subscribe string) error {
	var mu sync.Mutex
	var readers []net.Conn
	pub, err := zmtp.ParseListen(publish)
	if err != nil {
		return err
	}
	sub, err := zmtp.ParseListen(subscribe)
	if err != nil {
		return err
	}
	pubs, err := zmtp.Listen(pub)
	if err != nil {
		return err
	}
	subs, err := zmtp.Listen(sub)
	if err != nil {
		return err
	}
	go func() {
		for {
			nc, err := subs.Accept()
			if err != nil {
				return
			}
			c, err := zmtp.Handshake(nc, zmtp.Config{Type: zmtp.XPUB, Peers: []string{zmtp.SUB}})
			if err != nil {
				continue
			}
			mu.Lock()
			readers = append(readers, c.NetConn())
			mu.Unlock()
		}
	}()
	for {
		nc, err := pubs.Accept()
		if err != nil {
			return err
		}
		c, err := zmtp.Handshake(nc, zmtp.Config{Type: zmtp.XSUB, Peers: []string{zmtp.PUB}})
		if err != nil {
			continue
		}
		if _, err := c.Write(zmtp.AppendSubscription(nil, c.Peer.Version, "", false)); err != nil {
			continue
		}
		go func() {
			b := make([]byte, 256<<10)
			for {
				n, err := c.NetConn().Read(b)
				if err != nil {
					return
				}
				mu.Lock()
				all := readers
				mu.Unlock()
				for _, r := range all {
					if _, err := r.Write(b[:n]); err != nil {
						return
					}
				}
			}
		}()
	}
}
