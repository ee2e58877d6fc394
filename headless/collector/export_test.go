package collector

import "sluice/headless/shipper/follow"

// Standing is how the followed names stand.
func Standing(c *Collector) follow.Standing { return c.ship.Files() }
