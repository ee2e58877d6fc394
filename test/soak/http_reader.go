package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sluice/cluster/httpapi"
)

// plain reads the proxy with no client of ours: as curl does, or as a browser's
// EventSource does, which goes on with the id of the last event that it has.
type plain struct {
	*tally
	events bool
	base   string
	client *http.Client

	got []blended // by stream; guarded by tally.mu
}

func newPlain(w *world, id string, events, relayed bool) (*plain, error) {
	kind := kindText
	if events {
		kind = kindEvents
	}
	p := &plain{tally: newTally(w, kind, id, -1), events: events, got: newBlended(w)}
	address, err := p.relayed(w.proxy.listen, relayed)
	if err != nil {
		return nil, err
	}
	p.base = "http://" + address + "/api/logs/"
	small := p.rnd.IntN(2) == 0
	p.client = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, address)
			if tc, ok := c.(*net.TCPConn); ok && small {
				_ = tc.SetReadBuffer(64 << 10)
			}
			return c, err
		},
	}}
	return p, nil
}

func (p *plain) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	errs := make([]error, len(p.w.streams))
	for s := range p.w.streams {
		one := &session{plain: p, stream: s, rnd: p.w.random(), before: make([]lanes, len(p.next))}
		all.Go(func() {
			if errs[s] = one.run(ctx); errs[s] != nil {
				cancel()
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func (p *plain) check(q *quiet) error {
	// An id leads over a break and over the end of a proxy. Only when a consolidator
	// ended in order while nobody listened, nobody heard it.
	return checkBlended(p.tally, p.got, q, p.events && q.anyRestarted())
}

// session is the reading of one stream.
type session struct {
	*plain
	stream  int
	rnd     *rand.Rand
	after   string // id of the last event
	origins map[uint64]origin
	begun   bool
	before  []lanes // by publisher: what had come before it started over
}

// origin is what a source number stands for.
type origin struct {
	machine int
	epoch   uint64
}

func (s *session) run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := s.response(ctx)
		if violated(err) {
			return err
		}
		s.mu.Lock()
		s.notef("%s: response over: %v", s.w.streams[s.stream], err)
		if s.begun {
			s.sum.resumed++
			if !s.events {
				s.got[s.stream].restarted = true
			}
		}
		s.mu.Unlock()
		pause(ctx, time.Duration(10+s.rnd.IntN(90))*time.Millisecond)
	}
	return nil
}

func (s *session) response(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+s.w.streams[s.stream], nil)
	if err != nil {
		return err
	}
	if s.events {
		req.Header.Set("Accept", "text/event-stream")
		if s.after != "" {
			req.Header.Set("Last-Event-ID", s.after)
		}
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", resp.Status)
	}
	s.mu.Lock()
	s.notef("%s: response begins, after %q", s.w.streams[s.stream], s.after)
	s.got[s.stream].notef("response begins, after %q", s.after)
	if s.begun && s.after == "" {
		s.got[s.stream].restarted = true // it has no event to go on from
		s.fresh()
	}
	s.begun = true
	s.mu.Unlock()
	s.origins = make(map[uint64]origin)
	in := bufio.NewReaderSize(resp.Body, 32<<10)
	var event []string
	for n := 0; ; n++ {
		line, err := readLine(in)
		if err != nil {
			return err // half a line, or half an event, is nothing
		}
		if s.events {
			if len(line) > 0 {
				event = append(event, string(line))
				continue
			}
		}
		s.mu.Lock()
		if s.events {
			err = s.event(event)
			event = event[:0]
		} else {
			err = s.line(line)
		}
		s.mu.Unlock()
		if err != nil {
			return s.w.violation(s.plain, err)
		}
		if n%64 == 0 {
			s.pause(ctx, s.rnd)
		}
	}
}

// readLine reads one line, however long, without its end.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := bytes.Clone(line)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = in.ReadSlice('\n')
			long = append(long, line...)
		}
		line = long
	}
	if err != nil {
		return nil, err
	}
	return line[:len(line)-1], nil
}

// line takes one line of a text response.
func (s *session) line(line []byte) error {
	if n, ok := parseNotice(line); ok {
		s.told(n.Dropped, n.Unknown, n.Msg)
		return nil
	}
	if isAbsence(line) || isEnd(line) {
		s.notef("%s: %s", s.w.streams[s.stream], line)
		return nil
	}
	id, err := s.record(s.stream, line)
	if err != nil {
		return err
	}
	s.recent.add(event{stream: s.stream, machine: -1, id: id})
	s.take(id)
	return nil
}

// fresh is called where a response begins without a place to go on from. What it
// gets may be older than what came before: a proxy that has just been started
// gets the newest records of a consolidator that it reaches late.
func (s *session) fresh() {
	for publisher := range s.next {
		l := &s.next[publisher][s.stream]
		s.before[publisher].add(*l)
		*l = nil
	}
	clear(s.got[s.stream].at)
}

// take counts a record.
func (s *session) take(id identity) {
	got := &s.got[s.stream]
	got.received++
	got.again = got.again || s.before[id.publisher].had(id)
}

func (s *session) told(count uint64, unknown bool, why string) {
	s.notef("%s: told %d lost, unknown %t: %s", s.w.streams[s.stream], count, unknown, why)
	s.lost(count, unknown)
	s.got[s.stream].tell(count, unknown, why)
}

// event takes one event, whose lines have to be exactly those of docs/http.md.
func (s *session) event(lines []string) error {
	switch {
	case len(lines) == 2 && strings.HasPrefix(lines[0], "id: ") && strings.HasPrefix(lines[1], "data: "):
		return s.recordEvent(lines[0][len("id: "):], lines[1][len("data: "):])
	case len(lines) == 3 && lines[0] == "event: dropped" && strings.HasPrefix(lines[1], "id: "):
		var loss struct {
			Count       uint64
			Unknown     bool
			Hop, Reason string
		}
		if err := json.Unmarshal([]byte(strings.TrimPrefix(lines[2], "data: ")), &loss); err != nil {
			return fmt.Errorf("read %q: %w", lines, err)
		}
		s.after = lines[1][len("id: "):]
		if loss.Unknown && loss.Hop == "proxy" {
			s.fresh()
		}
		s.told(loss.Count, loss.Unknown, loss.Hop+", "+loss.Reason+", id "+s.after)
		return nil
	case len(lines) == 3 && lines[0] == "event: source" && strings.HasPrefix(lines[1], "id: "):
		s.after = lines[1][len("id: "):]
		return s.source([]byte(strings.TrimPrefix(lines[2], "data: ")))
	case len(lines) == 3 && lines[0] == "event: ping" && strings.HasPrefix(lines[1], "id: ") && lines[2] == "data:":
		s.after = lines[1][len("id: "):]
		return nil
	case len(lines) == 2 && (lines[0] == "event: ping" || lines[0] == "event: end"):
		return nil
	}
	return fmt.Errorf("an event that is none of docs/http.md's: %.300q", lines)
}

func (s *session) source(data []byte) error {
	var e httpapi.SourceEvent
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("read the source event %q: %w", data, err)
	}
	s.notef("%s: source %s", s.w.streams[s.stream], data)
	o := origin{machine: s.w.machine(e.Consolidator)}
	if e.Epoch != "" {
		var err error
		if o.epoch, err = strconv.ParseUint(e.Epoch, 36, 64); err != nil {
			return fmt.Errorf("read the source event %q: %w", data, err)
		}
	}
	s.origins[e.N] = o
	return nil
}

func (s *session) recordEvent(id, data string) error {
	machine, at, err := s.placeOf(id)
	if err != nil {
		return err
	}
	who, err := s.record(s.stream, []byte(data))
	if err != nil {
		return err
	}
	s.recent.add(event{stream: s.stream, machine: machine, place: at, id: who})
	s.after = id
	s.take(who)
	if err := s.got[s.stream].place(machine, at); err != nil {
		return err
	}
	err = s.w.truth.log(machine, s.stream).saw(at, who)
	if got := &s.got[s.stream]; errors.Is(err, errSettled) && (got.unknown || got.restarted) {
		got.again, err = true, nil // see fresh
	}
	return err
}

// placeOf finds out where a record stands at a consolidator: the only position in its
// id that is not in the one before says what follows it there.
func (s *session) placeOf(id string) (which int, at position, err error) {
	now, err := httpapi.ParseResumeID(id)
	if err != nil {
		return 0, at, fmt.Errorf("event id %q: %w", id, err)
	}
	before, _ := httpapi.ParseResumeID(s.after) // at first there is none
	moved := slices.DeleteFunc(now.Positions, func(p httpapi.KeyPosition) bool { return slices.Contains(before.Positions, p) })
	if len(moved) != 1 || moved[0].Next == 0 {
		return 0, at, fmt.Errorf("event id %q: %d positions are new after %q", id, len(moved), s.after)
	}
	stream := s.w.streams[s.stream]
	which = slices.IndexFunc(s.w.machines, func(m *machine) bool { return httpapi.PositionKey(stream, m.name) == moved[0].Key })
	for _, o := range s.origins {
		if o.machine == which && moved[0].Is(o.epoch) {
			return which, position{o.epoch, moved[0].Next - 1}, nil
		}
	}
	return 0, at, fmt.Errorf("event id %q: no source event told of %+v", id, moved[0])
}
