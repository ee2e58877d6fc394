package main

import (
	"fmt"
	"math"
	"time"
)

// path is what a request leaves behind on its way: records of several streams and
// machines with one req_id.
type path struct {
	n        *night
	id       string
	customer string
	edge     string // machines
	shop     string
	at       time.Time // where the request is
}

func (n *night) enter(at time.Time, customer string) *path {
	return &path{n: n, id: n.id("r-"), customer: customer, edge: pick(n, machines), shop: pick(n, machines), at: at}
}

// step goes on by about so many milliseconds.
func (p *path) step(typical float64) time.Duration {
	took := p.n.around(typical)
	p.at = p.at.Add(took)
	return took
}

func (p *path) log(stream, name, host string, level int, msg string, more fields) {
	if more == nil {
		more = fields{}
	}
	more["req_id"] = p.id
	if stream == p.tenant() {
		more["tenant"] = p.customer
	}
	p.n.log(stream, name, host, p.at, level, msg, more)
}

func (p *path) tenant() string { return "tenant/" + p.customer }

// answered is what the edge logs at the end of a request that came in at began.
func (p *path) answered(method, url string, status int, began time.Time) {
	level := info
	switch {
	case status >= 500:
		level = failed
	case status >= 400:
		level = warn
	}
	ms := float64(p.at.Sub(began).Microseconds()) / 1000
	p.log("system", "edge", p.edge, level, fmt.Sprintf("%s %s %d %.0f ms", method, url, status, ms), fields{
		"req":     fields{"method": method, "url": url, "headers": fields{"host": p.customer + ".example.com", "user-agent": "Mozilla/5.0"}, "remoteAddress": fmt.Sprintf("10.3.%d.%d", p.n.rng.IntN(256), 1+p.n.rng.IntN(254))},
		"res":     fields{"statusCode": status, "headers": fields{"content-type": "application/json"}},
		"latency": math.Round(ms*10) / 10,
	})
}

// query is one question to the database.
func (p *path) query(table string) {
	took := p.step(9)
	p.log("system", "db-proxy", p.shop, debug, fmt.Sprintf("query of %s took %d ms", table, took.Milliseconds()), fields{"table": table})
}

// browse is somebody who looks at products.
func (n *night) browse(at time.Time) {
	p := n.enter(at, pick(n, customers))
	url := fmt.Sprintf("/products/%s-%d", pick(n, products), n.rng.IntN(900))
	p.step(4)
	p.log(p.tenant(), "shop", p.shop, debug, fmt.Sprintf("render %s", url), nil)
	p.query("products")
	status := 200
	switch n.rng.IntN(40) {
	case 0:
		status = 404
	case 1, 2, 3:
		status = 304
	}
	p.step(6)
	p.answered("GET", url, status, at)
}

// order is somebody who buys, which fails while the database has no connections left.
func (n *night) order(at time.Time) {
	p := n.enter(at, pick(n, customers))
	if at.After(exhausted) && at.Before(healthy) && n.rng.IntN(3) == 0 {
		p.refused(at)
		return
	}
	p.accepted(at)
}

func (p *path) cart() (item string, order int) {
	p.n.orders++
	item = fmt.Sprintf("%s-%d", pick(p.n, products), p.n.rng.IntN(900))
	p.step(5)
	p.log(p.tenant(), "shop", p.shop, info, fmt.Sprintf("order %d: reserve 1 of %s", p.n.orders, item), fields{"order": p.n.orders})
	return item, p.n.orders
}

func (p *path) accepted(at time.Time) {
	_, order := p.cart()
	p.query("stock")
	if at.After(deployed) && at.Before(rollback) {
		p.log(p.tenant(), "shop", p.shop, info, fmt.Sprintf("order %d: price by rules of %s", order, pick(p.n, customers)), fields{"order": order})
	}
	p.query("orders")
	p.step(120)
	p.log(p.tenant(), "payments", p.edge, info, fmt.Sprintf("order %d: %d.%02d EUR authorised", order, 5+p.n.rng.IntN(300), p.n.rng.IntN(100)), fields{"order": order})
	p.step(8)
	p.answered("POST", "/orders", 201, at)
}

// refused is an order that gets no connection to the database.
func (p *path) refused(at time.Time) {
	item, order := p.cart()
	p.at = p.at.Add(2*time.Second + time.Duration(p.n.rng.IntN(9))*time.Millisecond)
	message := fmt.Sprintf("reserve %s: no connection within 2000 ms", item)
	p.log(p.tenant(), "shop", p.shop, failed, message, fields{"order": order, "err": fields{
		"name": "PoolTimeout", "message": message,
		"stack": "PoolTimeout: " + message + "\n    at Pool.acquire (/srv/shop/lib/pool.js:118:15)\n    at reserve (/srv/shop/lib/stock.js:41:22)\n    at async placeOrder (/srv/shop/routes/orders.js:77:5)",
	}})
	p.step(3)
	p.log(p.tenant(), "payments", p.edge, warn, fmt.Sprintf("order %d: authorisation cancelled", order), fields{"order": order})
	p.step(2)
	p.answered("POST", "/orders", 503, at)
}

// ticketed is the request that a customer asks about in the morning.
func (n *night) ticketed() {
	at := exhausted.Add(5*time.Minute + 3*time.Second)
	p := n.enter(at, "acme")
	p.edge, p.shop = "vm-1", "vm-3"
	n.ticket = p.id
	p.refused(at)
}
