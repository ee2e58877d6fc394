package devenv

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"

	"sluice/cluster/jsonscan"
)

// generator makes the records of one stream on one machine. The same seed,
// host and stream give the same records, except for their times. It is not safe
// for concurrent use.
type generator struct {
	rng    *rand.Rand
	host   string
	stream string
	tenant string // empty in the system streams
	pid    int
	mix    []share
	total  int
	jobs   int // number of the last job, which counts up
}

// newGenerator returns the generator of a stream on a host.
func newGenerator(seed uint64, host, stream string) *generator {
	g := &generator{
		rng:    rand.New(rand.NewPCG(seed, hash(host+"\x00"+stream))),
		host:   host,
		stream: stream,
		mix:    systemMix,
	}
	if tenant, ok := strings.CutPrefix(stream, "tenant/"); ok {
		g.tenant, g.mix = tenant, tenantMix
	}
	g.pid = 1000 + g.rng.IntN(30000)
	g.jobs = 1000 + g.rng.IntN(9000)
	for _, s := range g.mix {
		g.total += s.weight
	}
	return g
}

func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// next appends one record: a JSON object in one line, without a line break.
func (g *generator) next(dst []byte, now time.Time) []byte {
	dst, _ = g.draw(dst, now)
	return dst
}

// draw is next, and names the kind that was drawn.
func (g *generator) draw(dst []byte, now time.Time) ([]byte, string) {
	n := g.rng.IntN(g.total)
	for _, s := range g.mix {
		if n -= s.weight; n < 0 {
			return s.write(g, dst, now), s.kind
		}
	}
	panic("shares do not add up to their total")
}

// record appends the members that every bunyan record has, around those that
// members adds.
func (g *generator) record(dst []byte, now time.Time, level int, component, msg string, members func(*object)) []byte {
	return g.recordRaw(dst, now, level, component, string(jsonscan.AppendString(nil, msg)), members)
}

// recordRaw is record with a msg that is JSON already.
func (g *generator) recordRaw(dst []byte, now time.Time, level int, component, msg string, members func(*object)) []byte {
	o := open(dst)
	o.str("name", g.name())
	o.str("hostname", g.host)
	o.num("pid", g.pid)
	o.str("component", component)
	o.num("level", level)
	if g.tenant != "" {
		o.str("tenant", g.tenant)
	}
	if members != nil {
		members(&o)
	}
	o.raw("msg", msg)
	o.time("time", now)
	o.num("v", 0)
	return o.close()
}

// name is bunyan's name, the application.
func (g *generator) name() string {
	switch {
	case g.tenant != "":
		return "webtask"
	case g.stream == "system/scheduler":
		return "scheduler"
	}
	return "wt-cluster"
}

// pick returns one of the values.
func pick[T any](g *generator, values []T) T { return values[g.rng.IntN(len(values))] }

// id returns n hexadecimal digits.
func (g *generator) id(n int) string {
	return fmt.Sprintf("%016x", g.rng.Uint64())[:n]
}

// latency returns milliseconds with a long tail: mostly near typical, a few
// of many times that.
func (g *generator) latency(typical float64) float64 {
	ms := typical * (0.3 + g.rng.ExpFloat64())
	if g.rng.IntN(50) == 0 {
		ms *= 20
	}
	return ms
}
