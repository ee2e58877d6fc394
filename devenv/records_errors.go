package devenv

import (
	"fmt"
	"strings"
	"time"
)

// nodeError is an error with a stack as Node.js writes it.
func (g *generator) nodeError(dst []byte, now time.Time) []byte {
	return g.record(dst, now, levelError, "http", "request failed", func(o *object) {
		o.str("req_id", g.id(12))
		g.nodeErr(o)
	})
}

// nodeErr appends the err member of bunyan's serializer.
func (g *generator) nodeErr(o *object) {
	e := pick(g, nodeErrors)
	var stack strings.Builder
	fmt.Fprintf(&stack, "%s: %s", e.name, e.message)
	for range 4 + g.rng.IntN(8) {
		fmt.Fprintf(&stack, "\n    at %s (%s:%d:%d)", pick(g, nodeCalls), pick(g, nodeFiles), 10+g.rng.IntN(400), 3+g.rng.IntN(40))
	}
	o.sub("err", func(o *object) {
		o.str("message", e.message)
		o.str("name", e.name)
		o.str("stack", stack.String())
		if e.code != "" {
			o.str("code", e.code)
		}
	})
}

// goError is an error with a goroutine's stack as Go writes it.
func (g *generator) goError(dst []byte, now time.Time) []byte {
	message := pick(g, goErrors)
	var stack strings.Builder
	fmt.Fprintf(&stack, "goroutine %d [running]:", 1+g.rng.IntN(9000))
	for range 3 + g.rng.IntN(6) {
		fmt.Fprintf(&stack, "\n%s(0xc%09x)\n\t%s:%d +0x%x", pick(g, goCalls), g.rng.IntN(1<<32), pick(g, goFiles), 10+g.rng.IntN(400), g.rng.IntN(4096))
	}
	return g.record(dst, now, levelError, "agent", message, func(o *object) {
		o.sub("err", func(o *object) {
			o.str("message", message)
			o.str("name", "*errors.errorString")
			o.str("stack", stack.String())
		})
	})
}

// multiLine is a message of several lines.
func (g *generator) multiLine(dst []byte, now time.Time) []byte {
	level := levelInfo
	if g.rng.IntN(4) == 0 {
		level = levelWarn
	}
	return g.record(dst, now, level, "report", pick(g, multiLines), nil)
}
