package devenv

import "time"

// share is a kind of record and how often it comes.
type share struct {
	kind   string
	weight int // of the sum of all in its mix
	write  func(g *generator, dst []byte, now time.Time) []byte
}

// The mixes, in thousandths.
var (
	tenantMix = []share{
		{"request", 580, (*generator).request},
		{"console", 130, (*generator).console},
		{"job", 70, (*generator).job},
		{"cache", 70, (*generator).cache},
		{"node error", 30, (*generator).nodeError},
		{"go error", 20, (*generator).goError},
		{"multi-line", 30, (*generator).multiLine},
		{"emoji", 25, (*generator).emoji},
		{"right-to-left", 20, (*generator).rightToLeft},
		{"deploy", 10, (*generator).deploy},
		{"long", 8, (*generator).long},
		{"hostile", 6, (*generator).hostile},
		{"fatal", 1, (*generator).fatal},
	}
	systemMix = []share{
		{"job", 300, (*generator).job},
		{"placement", 250, (*generator).placement},
		{"cache", 150, (*generator).cache},
		{"request", 150, (*generator).request},
		{"go error", 40, (*generator).goError},
		{"node error", 20, (*generator).nodeError},
		{"multi-line", 30, (*generator).multiLine},
		{"deploy", 30, (*generator).deploy},
		{"emoji", 8, (*generator).emoji},
		{"right-to-left", 6, (*generator).rightToLeft},
		{"long", 8, (*generator).long},
		{"hostile", 6, (*generator).hostile},
		{"fatal", 2, (*generator).fatal},
	}
)
