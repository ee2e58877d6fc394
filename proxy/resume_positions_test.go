package proxy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/proxy"
)

// cluster has what consolidators have: a proxy's source, and those that
// sessions open by themselves, read from it.
type cluster struct {
	main   *fake
	logs   map[string][]stream.Record // by consolidator, all in one epoch each
	opened []*fake
	broken bool

	restarted bool // vm-1 was, and has nothing yet
}

func (c *cluster) open(time.Duration) (proxy.Source, error) {
	f := newFake()
	if c.main == nil {
		c.main = f
		f.backfill = func(name string, from stream.Backfill) *stream.Batch {
			// Of all, this proxy only got the newest two.
			all := c.logs["vm-1"]
			return &stream.Batch{Records: slices.Clone(all[len(all)-2:])}
		}
		return f, nil
	}
	if c.broken {
		return nil, errors.New("broken")
	}
	f.backfill = func(name string, from stream.Backfill) *stream.Batch {
		b := &stream.Batch{}
		if c.restarted {
			b.Notices = append(b.Notices, stream.Notice{
				Kind: stream.KindGap, Stream: name, Source: "vm-1", Unknown: true, Position: loss.Position{Epoch: 10},
			})
			return b
		}
		for _, vm := range []string{"vm-1", "vm-2"} {
			want, named := from.Positions[vm]
			for _, r := range c.logs[vm] {
				if r.Position.Epoch != want.Epoch && named {
					b.Notices = append(b.Notices, stream.Notice{Kind: stream.KindGap, At: len(b.Records), Stream: name, Source: vm, Unknown: true})
					want.Epoch, want.Seq = r.Position.Epoch, 0
				}
				if named && r.Position.Seq >= want.Seq {
					b.Records = append(b.Records, r)
				}
			}
		}
		return b
	}
	c.opened = append(c.opened, f)
	return f, nil
}

func newCluster(vm1, vm2 int) *cluster {
	c := &cluster{logs: map[string][]stream.Record{"vm-1": records("s", 9, 0, vm1), "vm-2": records("s", 8, 0, vm2)}}
	for i := range c.logs["vm-2"] {
		c.logs["vm-2"][i].Source = "vm-2"
	}
	return c
}

// have reads until n records have come, and tells what came in short. A source is
// named if it was told of meanwhile.
func have(r *reader, n int) []string {
	r.t.Helper()
	origins := make(map[uint64]string)
	var got []string
	for records := 0; records < n; {
		e := r.event()
		id, _ := httpapi.ParseEventID(field(e, "id"))
		switch field(e, "event") {
		case "source":
			var s httpapi.SourceEvent
			if err := json.Unmarshal([]byte(field(e, "data")), &s); err != nil {
				r.t.Fatal(err)
			}
			origins[s.N] = s.Consolidator + "/" + s.Epoch
		case "dropped":
			lost := lossOf(r.t, e)
			got = append(got, fmt.Sprintf("lost %d %t", lost.Count, lost.Unknown))
		case "":
			got = append(got, fmt.Sprintf("%s:%d", origins[id.Source], id.Seq))
			records++
		}
	}
	return got
}

// A reader that names places at consolidators goes on there, at a proxy that
// has another log, without loss or repetition.
func TestResumeByPositions(t *testing.T) {
	for _, c := range []struct {
		name      string
		positions string
		broken    bool
		want      string // then come vm-1 10 and vm-2 6
	}{
		{"from before the log", "vm-1:9:5, vm-2:8:4", false, "vm-1/9:5, vm-1/9:6, vm-1/9:7, vm-1/9:8, vm-1/9:9, vm-2/8:4, vm-2/8:5"},
		{"a quiet one", "vm-1:9:a, vm-2:8:5", false, "vm-2/8:5"},
		{"all had", "vm-1:9:a, vm-2:8:6", false, ""},
		{"no source to read again from", "vm-1:9:5, vm-2:8:6", true, "lost 3 false, vm-1/9:8, vm-1/9:9"},
		{"had some of the log", "vm-1:9:9, vm-2:8:6", true, "vm-1/9:9"},
		{"another epoch", "vm-1:7:5, vm-2:8:6", true, "lost 8 true, vm-1/9:8, vm-1/9:9"},
		{"another epoch, read again", "vm-1:7:5, vm-2:8:6", false, "lost 0 true, vm-1/9:0, vm-1/9:1, vm-1/9:2, vm-1/9:3, vm-1/9:4, vm-1/9:5, vm-1/9:6, vm-1/9:7, vm-1/9:8, vm-1/9:9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cl := newCluster(10, 6)
			cl.broken = c.broken
			p := start(t, nil, func(cfg *proxy.Config) { cfg.Open = cl.open })
			r := get(t, p, "/api/logs/s", ours("Sluice-Positions", c.positions, "Last-Event-ID", "zzz.5.1.5")...)
			var want []string
			if c.want != "" {
				want = strings.Split(c.want, ", ")
			}
			n := 0
			for _, w := range want {
				if !strings.HasPrefix(w, "lost") {
					n++
				}
			}
			if got := have(r, n); !slices.Equal(got, want) {
				t.Fatalf("\n got %q\nwant %q", got, want)
			}
			r.next("live")
			cl.main.send(records("s", 9, 10, 1)...)
			if e := r.next(""); field(e, "data") != string(payload("s", 10)) {
				t.Errorf("then %q", e)
			}
			if !c.broken && len(cl.opened) != 1 {
				t.Errorf("%d sources were opened", len(cl.opened))
			}
		})
	}
}

// The epoch that a reader names is its own word: what is told of it does not
// count for the log, and for nobody else.
func TestResumeFromAnotherEpoch(t *testing.T) {
	cl := newCluster(10, 0)
	p := start(t, nil, func(cfg *proxy.Config) { cfg.Open = cl.open })
	other := get(t, p, "/api/logs/s", ours()...)
	other.next("live")
	for _, epoch := range []string{"5", "6", "7"} {
		r := get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:"+epoch+":5", "Last-Event-ID", "zzz.5.1.5")...)
		if got := have(r, 10); got[0] != "lost 0 true" || len(got) != 11 {
			t.Errorf("the reader of another epoch got %q", got)
		}
		r.next("live")
		defer r.close()
		if epoch != "7" {
			continue
		}
		// Of the epoch that there is, three are lost, and then it goes on.
		cl.main.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Count: 3, Hop: "consolidator"})
		cl.main.send(records("s", 9, 13, 1)...)
		for who, r := range map[string]*reader{"it": r, "another": other} {
			loss := r.next("dropped")
			id, err := httpapi.ParseEventID(field(loss, "id"))
			if err != nil || id.Seq != 12 || !strings.Contains(loss, `"count":3`) || strings.Contains(loss, "unknown") {
				t.Errorf("%s was told %q, want 3 records lost, the last of them 12", who, loss)
			}
			if e := r.next(""); field(e, "data") != string(payload("s", 13)) {
				t.Errorf("%s then got %q", who, e)
			}
		}
	}
}

// Without anything known of what it missed, a reader is told that, and not
// given again what it has.
func TestResumeFromAnotherProxy(t *testing.T) {
	f := newFake()
	f.backfill = func(name string, _ stream.Backfill) *stream.Batch {
		return &stream.Batch{Records: records(name, 9, 0, 50)}
	}
	p := start(t, f, nil)
	for _, id := range []string{"zzz.5.1.5", "of another service"} {
		r := get(t, p, "/api/logs/s", "Accept", "text/event-stream", "Last-Event-ID", id)
		e := r.next("dropped")
		if !strings.Contains(e, `"unknown":true`) {
			t.Errorf("told %q", e)
		}
		r.close()
	}
}

// With what the log has lost for a reader stands where it goes on at each
// consolidator, so that another proxy can go on there: at one that sent nothing
// since, too.
func TestPositionsBehindALoss(t *testing.T) {
	for _, buffer := range []int64{16 << 10, 3 << 20} { // less than from one checkpoint to the next, and several
		f := newFake()
		p := start(t, f, func(c *proxy.Config) { c.StreamBuffer = buffer })
		r := get(t, p, "/api/logs/s", ours()...)
		r.next("live")
		f.send(records("s", 9, 0, 1)...)
		id := field(r.next(""), "id")
		r.close()
		logs := make(map[string]uint64) // the next record of each
		sent := rand.New(rand.NewPCG(uint64(buffer), 1))
		for bytes := int64(0); bytes < 3*buffer; {
			vm := fmt.Sprint("vm-", 2+sent.IntN(5))
			if bytes > buffer/2 && vm == "vm-6" {
				continue // all of it is going to be lost
			}
			if sent.IntN(20) == 0 {
				count := 1 + sent.Uint64N(9)
				f.give(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindGap, Stream: "s", Source: vm, Count: count, Hop: "consolidator"}}})
				if logs[vm] > 0 {
					logs[vm] += count
				}
				continue
			}
			some := records("s", 9, logs[vm], 1+sent.IntN(40))
			for i := range some {
				some[i].Source, some[i].Data = vm, fmt.Appendf(nil, `{"v":0,"msg":"%0900d"}`, i)
				bytes += int64(len(some[i].Data)) + 30
			}
			logs[vm] += uint64(len(some))
			f.send(some...)
		}
		f.logged(t)
		r = get(t, p, "/api/logs/s", ours("Last-Event-ID", id)...)
		var lost loss.Event
		names := make(map[uint64]string)
		got := make(map[string]uint64) // the first that came of each, or was told as lost
		for kind := ""; kind != "live"; {
			e := r.event()
			at, _ := httpapi.ParseEventID(field(e, "id"))
			switch kind = field(e, "event"); kind {
			case "source":
				var s httpapi.SourceEvent
				if err := json.Unmarshal([]byte(field(e, "data")), &s); err != nil {
					t.Fatal(err)
				}
				names[s.N] = s.Consolidator
			case "dropped", "":
				var told loss.Event
				if kind != "" {
					told = lossOf(t, e)
				}
				if told.Hop == "proxy" {
					if lost.Count > 0 {
						t.Fatalf("lost twice: %+v, %+v", lost, told)
					}
					lost = told
				} else if name := names[at.Source]; name != "" {
					if _, had := got[name]; !had {
						got[name] = at.Seq + 1 - max(told.Count, 1)
					}
				}
			}
		}
		positions, err := httpapi.ParsePositions(lost.Positions)
		if err != nil || lost.Count == 0 {
			t.Fatalf("told %+v, %v", lost, err)
		}
		for vm, next := range logs {
			want, came := got[vm]
			if !came {
				want = next
			}
			if at := positions[vm]; at != (loss.Position{Epoch: 9, Seq: want}) {
				t.Errorf("buffer %d: %s goes on at %v, want %d (the first that came: %v)", buffer, vm, at, want, came)
			}
		}
		if _, came := got["vm-6"]; came {
			t.Error("vm-6 was to be lost whole")
		}
		r.close()
	}
}

// The id of a reader that has caught up has the quiet consolidators, too: where the
// reader stands there does not depend on what they send later.
func TestIDsHaveTheQuietOnes(t *testing.T) {
	cl := newCluster(10, 0)
	p := start(t, nil, func(cfg *proxy.Config) { cfg.Open = cl.open })
	other := get(t, p, "/api/logs/s", ours()...)
	other.next("live")
	cl.main.notice(stream.Notice{Kind: stream.KindPosition, Stream: "s", Source: "vm-2", Position: loss.Position{Epoch: 8, Seq: 3}})
	cl.main.logged(t)
	r := get(t, p, "/api/logs/s?since=1h", sse...)
	for range 2 {
		r.next("")
	}
	for seq := uint64(10); ; seq++ { // by then it has caught up
		cl.main.send(records("s", 9, seq, 1)...)
		id, err := httpapi.ParseResumeID(field(r.next(""), "id"))
		if err != nil {
			t.Fatal(err)
		}
		if id.Epoch == 0 {
			continue
		}
		key := httpapi.PositionKey("s", "vm-2")
		if i := slices.IndexFunc(id.Positions, func(p httpapi.KeyPosition) bool { return p.Key == key }); i < 0 || id.Positions[i].Next != 3 {
			t.Errorf("the id has %+v", id)
		}
		return
	}
}
