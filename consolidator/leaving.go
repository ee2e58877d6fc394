package consolidator

import "time"

// leave ends all connections, publishers' first. Those in their handshake may
// finish it, since at the other end it may be finished already: they leave as
// the others do.
func (c *Consolidator) leave() {
	c.mu.Lock()
	c.phase = publishersLeave
	c.leaveBy = time.Now().Add(c.cfg.Grace)
	for p := range c.publishers {
		p.leave(c.leaveBy)
	}
	c.mu.Unlock()
	silent := time.AfterFunc(min(c.times.finish, c.cfg.Grace), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, d := range c.doors {
			for nc := range d.shaking {
				nc.Close()
			}
		}
	})
	defer silent.Stop()
	c.await(c.doors[publishing])
	c.own.close()
	c.hub.Wake() // or a reader gets the final positions before the last records

	c.mu.Lock()
	c.phase = readersLeave
	c.leaveBy = time.Now().Add(c.cfg.Grace)
	for s := range c.subscribers {
		s.leave(c.leaveBy)
	}
	c.mu.Unlock()
	c.await(c.doors[subscribing])
}

// await waits until the connections of one side have ended. Each has a deadline; one that
// does not end by then is a defect, which is logged, and which the others and the process
// do not wait for.
func (c *Consolidator) await(d *door) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.serving.Wait()
	}()
	c.mu.Lock()
	late := time.NewTimer(time.Until(c.leaveBy) + c.times.stuck)
	c.mu.Unlock()
	defer late.Stop()
	select {
	case <-ended:
		return
	case <-late.C:
	}
	var peers []string
	c.mu.Lock()
	n := len(d.open)
	for nc := range d.open {
		if peers = append(peers, nc.RemoteAddr().String()); len(peers) == maxStuck {
			break
		}
	}
	c.mu.Unlock()
	c.log.Error("peers are left behind: their connections do not end", "kind", d.side.peers(), "count", n, "peers", peers)
}

// maxStuck is how many connections that do not end are logged by their peers' addresses.
const maxStuck = 10
