package devenv

import (
	"fmt"
	"strings"
	"time"
)

// bunyan's levels.
const (
	levelTrace = 10 * (iota + 1)
	levelDebug
	levelInfo
	levelWarn
	levelError
	levelFatal
)

// request is a web request that was answered.
func (g *generator) request(dst []byte, now time.Time) []byte {
	method := pick(g, methods)
	path := pick(g, paths)
	if strings.HasSuffix(path, "/") {
		path += g.id(8)
	}
	status, level := 200, levelInfo
	switch n := g.rng.IntN(100); {
	case n < 4:
		status, level = pick(g, []int{500, 502, 503, 504}), levelError
	case n < 14:
		status, level = pick(g, []int{400, 401, 403, 404, 409, 429}), levelWarn
	case n < 24:
		status = pick(g, []int{301, 302, 304})
	case method == "POST":
		status = 201
	}
	ms := g.latency(40)
	msg := fmt.Sprintf("%s %s %d %.0fms", method, path, status, ms)
	return g.record(dst, now, level, "http", msg, func(o *object) {
		o.str("req_id", g.id(12))
		o.sub("req", func(o *object) {
			o.str("method", method)
			o.str("url", path)
			o.sub("headers", func(o *object) {
				o.str("host", g.site()+".example.com")
				o.str("user-agent", pick(g, agents))
				o.str("accept", "application/json")
				if g.rng.IntN(3) == 0 {
					o.str("x-forwarded-for", g.address())
				}
			})
			o.str("remoteAddress", g.address())
			o.num("remotePort", 1024+g.rng.IntN(60000))
		})
		o.sub("res", func(o *object) {
			o.num("statusCode", status)
			o.sub("headers", func(o *object) {
				o.str("content-type", "application/json; charset=utf-8")
				o.num("content-length", g.rng.IntN(20000))
			})
		})
		o.real("latency", ms)
	})
}

// console is what the code of a tenant prints.
func (g *generator) console(dst []byte, now time.Time) []byte {
	level := levelInfo
	switch g.rng.IntN(12) {
	case 0:
		level = levelWarn
	case 1, 2, 3:
		level = levelDebug
	case 4:
		level = levelTrace
	}
	return g.record(dst, now, level, "console", fmt.Sprintf(pick(g, consoleLines), g.rng.IntN(1000)), func(o *object) {
		o.str("container", g.id(12))
	})
}

// job is one step of a scheduled job.
func (g *generator) job(dst []byte, now time.Time) []byte {
	g.jobs++
	job := pick(g, jobNames)
	state, level, ms := "finished", levelInfo, g.latency(800)
	switch g.rng.IntN(12) {
	case 0:
		state, level = "failed, to be run again", levelWarn
	case 1, 2, 3, 4:
		state, ms = "started", 0
	}
	return g.record(dst, now, level, "jobs", fmt.Sprintf("job %s %s", job, state), func(o *object) {
		o.sub("job", func(o *object) {
			o.num("id", g.jobs)
			o.str("name", job)
			o.num("attempt", 1+g.rng.IntN(3))
			if ms > 0 {
				o.real("ms", ms)
			}
		})
	})
}

// placement is what the scheduler of the cluster does.
func (g *generator) placement(dst []byte, now time.Time) []byte {
	container := g.id(12)
	msg, level := fmt.Sprintf("container %s assigned to %s", container, pick(g, tenants)), levelInfo
	switch g.rng.IntN(10) {
	case 0:
		msg, level = fmt.Sprintf("container %s is idle, recycled", container), levelDebug
	case 1:
		msg, level = fmt.Sprintf("container %s used %d MB, its limit is 256 MB", container, 257+g.rng.IntN(40)), levelWarn
	case 2:
		msg, level = fmt.Sprintf("heartbeat of %s after %d ms", container, g.rng.IntN(90)), levelTrace
	}
	return g.record(dst, now, level, "placement", msg, func(o *object) {
		o.str("container", container)
		o.num("free", g.rng.IntN(40))
		o.real("load", g.rng.Float64()*4)
	})
}

// cache is the statistics of a cache.
func (g *generator) cache(dst []byte, now time.Time) []byte {
	hits, misses := 5000+g.rng.IntN(5000), g.rng.IntN(900)
	return g.record(dst, now, levelDebug, "cache", "cache statistics", func(o *object) {
		o.num("hits", hits)
		o.num("misses", misses)
		o.real("ratio", float64(hits)/float64(hits+misses))
		o.num("bytes", g.rng.IntN(64<<20))
		o.bool("warm", hits > 6000)
	})
}

// deploy is one line of a deployment.
func (g *generator) deploy(dst []byte, now time.Time) []byte {
	version := fmt.Sprintf("v%d.%d.%d", 1+g.rng.IntN(3), g.rng.IntN(30), g.rng.IntN(12))
	commit := g.id(7)
	return g.record(dst, now, levelInfo, "deploy", fmt.Sprintf("deploy %s (%s) %s", version, commit, pick(g, deploySteps)), func(o *object) {
		o.str("version", version)
		o.str("commit", commit)
		o.str("by", pick(g, people))
	})
}

// fatal is the last word of a process.
func (g *generator) fatal(dst []byte, now time.Time) []byte {
	return g.record(dst, now, levelFatal, "process", "uncaught exception, process ends", func(o *object) {
		g.nodeErr(o)
		o.num("code", 134)
	})
}

func (g *generator) site() string {
	if g.tenant != "" {
		return g.tenant
	}
	return "cluster"
}

func (g *generator) address() string {
	return fmt.Sprintf("10.%d.%d.%d", g.rng.IntN(8), g.rng.IntN(256), 1+g.rng.IntN(254))
}
