package main

import (
	"fmt"
	"time"
)

// pool is what the shop says while its connections are used up.
func (n *night) pool(at time.Time) {
	n.log("tenant/"+pick(n, customers), "shop", pick(n, machines), at, warn,
		fmt.Sprintf("pool of orders-db: 20 of 20 connections in use, %d wait", 1+n.rng.IntN(30)), fields{"pool": "orders-db"})
}

// lease is the chatter of the scheduler, all night.
func (n *night) lease(at time.Time) {
	n.log("system/scheduler", "scheduler", pick(n, machines), at, debug,
		fmt.Sprintf("lease of worker %s renewed for 15 s", n.id("w-")), nil)
}

// job is a job that the scheduler has done.
func (n *night) job(at time.Time) {
	job, host := pick(n, []string{"thumbnails", "invoices", "stock-export", "newsletter"}), pick(n, machines)
	took := n.around(900)
	level, state := info, fmt.Sprintf("finished in %d ms", took.Milliseconds())
	if n.rng.IntN(150) == 0 {
		level, state = warn, "failed, is tried again"
	}
	n.log("system/scheduler", "scheduler", host, at, level, fmt.Sprintf("job %s %s", job, state), fields{"job": job})
}

// health is what a load balancer asks.
func (n *night) health(at time.Time) {
	n.log("system", "edge", pick(n, machines), at, debug, "GET /health 200 0 ms", fields{"latency": 0.2})
}

// provider is an error that comes every night, and means nothing.
func (n *night) provider(at time.Time) {
	p := n.enter(at, pick(n, customers))
	_, order := p.cart()
	p.step(700)
	p.log(p.tenant(), "payments", p.edge, failed, fmt.Sprintf("order %d: the provider answered 502, tried again", order), fields{"order": order})
	p.step(300)
	p.log(p.tenant(), "payments", p.edge, info, fmt.Sprintf("order %d: %d.%02d EUR authorised", order, 5+n.rng.IntN(300), n.rng.IntN(100)), fields{"order": order})
	p.answered("POST", "/orders", 201, at)
}

// reset is another.
func (n *night) reset(at time.Time) {
	n.log("system", "edge", pick(n, machines), at, failed, fmt.Sprintf("read of 10.3.%d.%d: connection reset by peer", n.rng.IntN(256), 1+n.rng.IntN(254)), fields{"err": fields{"code": "ECONNRESET", "message": "read ECONNRESET"}})
}

// deploy is a version of the shop that comes to all machines, one after the other.
func (n *night) deploy(at time.Time, version, verb string) {
	n.log("system/deploy", "deploy", "vm-1", at, info, fmt.Sprintf("shop %s %s", verb, version), fields{"version": version, "by": "kim"})
	for _, host := range machines {
		at = at.Add(9*time.Second + n.around(900))
		n.log("system/deploy", "deploy", host, at, info, fmt.Sprintf("shop %s is up", version), fields{"version": version})
	}
	at = at.Add(time.Second)
	n.log("system/deploy", "deploy", "vm-1", at, info, fmt.Sprintf("shop %s is everywhere", version), fields{"version": version})
}
