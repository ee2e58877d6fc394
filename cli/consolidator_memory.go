package cli

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Memory beside what is kept, in bytes.
const (
	usualOverhead = 24 << 20
	minGarbage    = 8 << 20 // room for garbage, however much lives
)

// boundMemory keeps the memory of the process near that of the records it keeps,
// until ctx ends. Left alone, the collector waits until there is as much garbage
// as there are living objects, and they are mostly records. A GOMEMLIMIT that is
// set is left alone.
func boundMemory(ctx context.Context, records int64) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var limit int64
	for {
		// Peers and streams take memory, too. The limit follows what lives, or
		// the collector would never rest.
		lives := living()
		lives += max(minGarbage, (lives-records)/8)
		lives += lives / 32 // the runtime keeps a distance of 3 %
		want := max(records+usualOverhead, lives)
		if want > limit || want < limit-minGarbage {
			limit = want
			debug.SetMemoryLimit(limit)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// living is the memory that the runtime cannot do without: objects that lived
// when it last looked, stacks, and its own.
func living() int64 {
	s := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(s)
	n := s[0].Value.Uint64() + s[1].Value.Uint64()
	for _, not := range s[2:] {
		n -= not.Value.Uint64()
	}
	return int64(n)
}
