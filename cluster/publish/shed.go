package publish

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/zmtp"
)

// maxShedStreams is for how many streams at a time the records that were shed
// are counted apart.
const maxShedStreams = 1000

// shed counts records that were given up and not reported yet, by stream.
type shed struct {
	streams map[string]*uint64
	others  uint64 // of streams beyond maxShedStreams
}

func (s *shed) add(stream []byte, n uint64) {
	if count := s.streams[string(stream)]; count != nil {
		*count += n
		return
	}
	if len(s.streams) >= maxShedStreams {
		s.others += n
		return
	}
	if s.streams == nil {
		s.streams = make(map[string]*uint64)
	}
	first := n
	s.streams[string(stream)] = &first
}

func (s *shed) merge(t *shed) {
	for stream, n := range t.streams {
		s.add([]byte(stream), *n)
	}
	s.others += t.others
}

// arrived takes out what the first n of its notices report.
func (s *shed) arrived(n int) {
	if n == 0 {
		return
	}
	for _, stream := range slices.Sorted(maps.Keys(s.streams))[:n] {
		delete(s.streams, stream)
	}
	s.others = 0 // the first one reports them
}

func (s *shed) empty() bool { return len(s.streams) == 0 }

// notices is a chunk with a notice for each stream of what it lost.
func (s *shed) notices(now time.Time) *chunk {
	k := &chunk{reports: s, sealed: true}
	others := s.others
	var notice []byte
	for _, stream := range slices.Sorted(maps.Keys(s.streams)) {
		n := *s.streams[stream]
		fields := []any{"shed", n}
		if others > 0 {
			fields = append(fields, "shedOfOthers", others)
			others = 0
		}
		text := fmt.Sprintf("%d records shed: the consolidator did not take them in time", n)
		if n == 1 {
			text = "1 record shed: the consolidator did not take it in time"
		}
		notice = record.AppendNotice(notice[:0], now, record.Warn, text, fields...)
		k.buf = zmtp.AppendMessage(k.buf, stream, notice)
		k.n++
	}
	return k
}

// makeRoom sheds the oldest records that were not sent on this connection,
// until size bytes fit. It reports whether they do. c.mu is held.
func (c *Client) makeRoom(size int) bool {
	for c.q.bytes+size > c.cfg.Buffer {
		i := slices.IndexFunc(c.q.chunks, func(k *chunk) bool {
			return k.reports == nil && k.sent == k.done && k.n > k.done && k != c.writing
		})
		if i < 0 {
			return false
		}
		k := c.q.drop(i)
		at := k.offset(k.done)
		for n := k.done; n < k.n; n++ {
			size, _ := zmtp.NextMessage(k.buf[at:])
			if n < k.tried {
				c.stats.Uncertain++
			} else {
				c.stats.Shed++
			}
			stream, _ := zmtp.SplitMessage(k.buf[at:])
			c.unreported.add(stream, 1)
			at += size
		}
		k.free()
	}
	return true
}

// shedNew gives up a record that there is no room for. c.mu is held.
func (c *Client) shedNew(stream string) {
	c.stats.Shed++
	c.unreported.add([]byte(stream), 1)
	if n := len(c.q.chunks); n > 0 {
		c.q.chunks[n-1].sealed = true // its notice comes before what follows
	}
}

// addNotices puts notices of what was shed where it is missing, once what comes
// next is to be sent. c.mu is held.
func (c *Client) addNotices() {
	if c.unreported.empty() || !c.q.fresh() {
		return
	}
	reported := c.unreported
	c.unreported = shed{}
	c.q.insert(reported.notices(time.Now()))
}

// takeNoticesBack takes back the notices that may not have arrived: what they
// report is reported again, together with what was shed meanwhile. c.mu is held.
func (c *Client) takeNoticesBack() {
	for i := 0; i < len(c.q.chunks); i++ {
		if k := c.q.chunks[i]; k.reports != nil {
			k.reports.arrived(k.done)
			c.unreported.merge(k.reports)
			c.q.drop(i)
			i--
		}
	}
}
