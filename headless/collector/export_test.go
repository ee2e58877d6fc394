package collector

import "sluice/headless/shipper/follow"

// Standing is how the followed names stand.
func Standing(c *Collector) follow.Standing { return c.ship.Files() }

// Messages is how many messages the first source of syslog took, and how many it has
// said were dropped.
func Messages(c *Collector) (taken, dropped uint64) {
	return c.syslogs[0].messages.Load(), c.syslogs[0].dropped.Load()
}
