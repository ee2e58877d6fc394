package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/cluster/discovery"
	"sluice/cluster/zmtp"
	"sluice/internal/relay"
)

const (
	// patience is how long something may take that has to happen: nothing here
	// is a measurement.
	patience = 60 * time.Second
	// overhead is what a consolidator may take beside its buffer, and beside what it took
	// when it was idle, in bytes.
	overhead = 36 << 20
)

// world is one cluster, its publishers and its readers, from one seed.
type world struct {
	o        options
	seed     uint64
	dir      string
	streams  []string
	buffer   int64
	machines []*machine
	proxy    *server
	archive  *archiveReader // nil if there is none
	registry *registry      // nil if the consolidators do not register
	ways     []*relay.Relay // by machine, to it; nil if the proxy needs none
	truth    *truth
	pubs     []*publisher // each machine's last one closes phases
	closers  []*publisher // by machine
	readers  []reader
	sum      *summary
	plan     func(phase int) []fault          // what happens in a phase
	finder   func() (discovery.Finder, error) // how direct readers find consolidators, if it is not nil

	mu     sync.Mutex
	rnd    *rand.Rand
	phase  chan struct{} // closed when the phase is over
	events []string      // of this world, newest last
}

// machine is one consolidator.
type machine struct {
	*server
	publish   []zmtp.Endpoint // tcp first
	subscribe []zmtp.Endpoint
}

// touched reports whether the consolidator was restarted in this phase, hung, or could
// not be reached.
func (s *server) touched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restarted || s.disturbed
}

// disturb notes that it is about to hang, or not to be reached.
func (s *server) disturb() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disturbed = true
}

// touch notes that it is about to be restarted.
func (s *server) touch(force bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restarted, s.killed = true, force
}

// violated reports whether an error is a violation.
func violated(err error) bool {
	var v *violation
	return errors.As(err, &v)
}

// violation is what the soak is after.
type violation struct {
	who    string
	err    error
	recent string
}

func (v *violation) Error() string {
	s := v.who + ": " + v.err.Error()
	if v.recent != "" {
		s += "\n  its last events:\n" + v.recent
	}
	return s
}

func (v *violation) Unwrap() error { return v.err }

// violation makes an error of a reader's a violation. The tally's lock is not
// held.
func (w *world) violation(r reader, err error) error {
	t := r.common()
	t.mu.Lock()
	defer t.mu.Unlock()
	return &violation{who: t.id, err: err, recent: t.recent.String()}
}

// random returns random numbers of its own for whoever asks.
func (w *world) random() *rand.Rand {
	w.mu.Lock()
	defer w.mu.Unlock()
	return rand.New(rand.NewPCG(w.rnd.Uint64(), w.rnd.Uint64()))
}

// notef adds to what happened in this world.
func (w *world) notef(format string, args ...any) {
	text := time.Now().Format("15:04:05.000000  ") + fmt.Sprintf(format, args...)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.events) == 100 {
		w.events = append(w.events[:0], w.events[1:]...)
	}
	w.events = append(w.events, text)
}

// calm is closed when the phase is over.
func (w *world) calm() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.phase
}

// publishers is how many there are.
func (w *world) publishers() int { return len(w.machines) * len(publisherKinds) }

// publisherKinds are the publishers of one machine.
var publisherKinds = []string{"sluice", "sluice", "foreign", "go-zeromq", "libzmq", "closing"}

// closer is the machine whose phases a publisher closes; -1 for the others.
func (w *world) closer(publisher int) int {
	if publisher%len(publisherKinds) == len(publisherKinds)-1 {
		return publisher / len(publisherKinds)
	}
	return -1
}

// stream is the number of a stream; -1 for others.
func (w *world) stream(name []byte) int {
	for s, n := range w.streams {
		if n == string(name) {
			return s
		}
	}
	return -1
}

// machine is the number of a consolidator; -1 for others.
func (w *world) machine(name string) int {
	for i, m := range w.machines {
		if m.name == name {
			return i
		}
	}
	return -1
}

// newRand returns the random numbers of a seed.
func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// newWorld draws a world from a seed.
func newWorld(o options, seed uint64, dir string, sum *summary) (*world, error) {
	w := &world{o: o, seed: seed, dir: dir, sum: sum, rnd: newRand(seed), phase: make(chan struct{})}
	w.plan = w.draw
	w.streams = []string{"system", "system/scheduler", "tenant/acme", "tenant/acme2"}[:2+w.rnd.IntN(3)]
	streamBuffer := int64(256<<10) << w.rnd.IntN(3)
	w.buffer = []int64{1, 2, 4, 16}[w.rnd.IntN(4)] << 20
	for i := range 2 {
		name := fmt.Sprintf("vm-%d", i+1)
		m := &machine{}
		args := []string{"consolidator", "--name", name, "--admin", "127.0.0.1:0", "--buffer", fmt.Sprint(w.buffer), "--stream-buffer", fmt.Sprint(streamBuffer)}
		for _, door := range []string{"publish", "subscribe"} {
			port, err := freePort()
			if err != nil {
				return nil, err
			}
			list := []zmtp.Endpoint{{Network: "tcp", Address: port}, {Network: "unix", Address: filepath.Join(dir, name+"-"+door)}}
			for _, e := range list {
				args = append(args, "--"+door, e.String())
			}
			if door == "publish" {
				m.publish = list
			} else {
				m.subscribe = list
			}
		}
		m.server = newServer(o, dir, name, m.subscribe[0].Address, args...)
		w.machines = append(w.machines, m)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	args := []string{"proxy", "--listen", port, "--admin", ""}
	for _, m := range w.machines {
		args = append(args, "--consolidator", m.subscribe[0].String())
	}
	w.proxy = newServer(o, dir, "proxy", port, args...)
	w.truth = newTruth(len(w.machines), len(w.streams))
	if o.partitions {
		if err := separable(w); err != nil {
			return nil, err
		}
	}
	if o.etcd {
		if err := register(w, 1); err != nil {
			return nil, err
		}
	}
	if o.archive {
		if w.archive, err = newArchive(w); err != nil {
			return nil, err
		}
	}
	w.notef("seed %d: %d streams of at most %d KiB, %d MiB in all", seed, len(w.streams), streamBuffer>>10, w.buffer>>20)
	return w, nil
}

// servers are all processes of the cluster.
func (w *world) servers() []*server {
	all := []*server{w.proxy}
	for _, m := range w.machines {
		all = append(all, m.server)
	}
	if w.archive != nil {
		all = append(all, w.archive.server)
	}
	return all
}

// populate makes publishers and readers.
func (w *world) populate() error {
	libzmq := hasLibzmq()
	for i := range w.publishers() {
		m, kind := i/len(publisherKinds), publisherKinds[i%len(publisherKinds)]
		if kind == "libzmq" && (!libzmq || m > 0) {
			kind = "foreign"
		}
		p, err := newPublisher(w, i, m, kind)
		if err != nil {
			return err
		}
		w.pubs = append(w.pubs, p)
		if kind == "closing" {
			w.closers = append(w.closers, p)
		}
	}
	add := func(r reader, err error) error {
		if err == nil {
			w.readers = append(w.readers, r)
		}
		return err
	}
	var errs []error
	for m := range w.machines {
		errs = append(errs, add(newOracle(w, m), nil))
	}
	for i := range 3 {
		r, err := newDirect(w, fmt.Sprintf("direct %d", i+1), i > 0)
		errs = append(errs, add(r, err))
	}
	for i := range 4 {
		r, err := newForeign(w, fmt.Sprintf("foreign %d", i+1), i%len(w.machines), i > 1)
		errs = append(errs, add(r, err))
	}
	if libzmq {
		errs = append(errs, add(newLibzmq(w, "libzmq 1", 0), nil))
	}
	for i := range 3 {
		r, err := newProxied(w, fmt.Sprintf("proxied %d", i+1), i > 0)
		errs = append(errs, add(r, err))
	}
	if w.archive != nil {
		errs = append(errs, add(w.archive, nil))
	}
	for i := range 4 {
		events := i%2 == 0
		r, err := newPlain(w, fmt.Sprintf("plain %d", i+1), events, i > 1)
		errs = append(errs, add(r, err))
	}
	return errors.Join(errs...)
}

// run lives through phases until ctx ends, or the phases are over. It returns
// the violation that it met.
func (w *world) run(ctx context.Context, phases int) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	group, groupCtx := errgroup.WithContext(ctx)
	defer func() {
		fail(nil)
		_ = group.Wait() // what it met was returned, or is of the end
		w.end()
	}()
	if w.registry != nil {
		if err := w.registry.start(ctx); err != nil {
			return err
		}
	}
	for _, s := range w.servers() {
		if err := s.start(ctx); err != nil {
			return err
		}
	}
	if err := w.populate(); err != nil {
		return err
	}
	for _, r := range w.readers {
		group.Go(func() error {
			err := r.run(groupCtx)
			if err != nil {
				fail(err)
			}
			return err
		})
	}
	err := w.live(ctx, phases)
	if cause := context.Cause(ctx); violated(cause) {
		return cause // what came of it matters less
	}
	return err
}

// live is all phases.
func (w *world) live(ctx context.Context, phases int) error {
	q := newQuiet(w)
	if err := q.calm(ctx); err != nil { // all begin at a quiet point
		return err
	}
	for n := 1; n <= phases && ctx.Err() == nil && time.Now().Before(w.o.until); n++ {
		began := time.Now()
		if err := w.storm(ctx, n); err != nil {
			return err
		}
		stormed := time.Since(began)
		q.counted = true
		if err := q.calm(ctx); err != nil {
			return err
		}
		w.sum.phase(w, n, stormed, time.Since(began)-stormed)
	}
	return nil
}

// end ends all that is there.
func (w *world) end() {
	for _, p := range w.pubs {
		p.out.leave(true)
		if pipe, ok := p.out.(*pipe); ok {
			pipe.peer.end()
		}
	}
	for _, r := range w.readers {
		for _, relay := range r.common().relays {
			relay.Close()
		}
	}
	for _, s := range w.servers() {
		_ = s.stop(true)
	}
	if w.registry != nil {
		w.registry.end()
	}
	for _, way := range w.ways {
		way.Close()
	}
}

// dump writes what all goroutines do into the world's directory, and lets the
// servers do the same, which ends them.
func (w *world) dump() {
	var b bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&b, 2)
	_ = os.WriteFile(filepath.Join(w.dir, "soak.goroutines"), b.Bytes(), 0o644)
	for _, s := range w.servers() {
		s.dump()
	}
}

// report is what is told of a violation.
func (w *world) report(err error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "violation with seed %d: %v\n  what happened before:\n", w.seed, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		fmt.Fprintf(&b, "    %s\n", e)
	}
	fmt.Fprintf(&b, "  now %s; the logs of the servers are in %s\n", time.Now().Format("15:04:05.000000"), w.dir)
	return b.String()
}

// makeDir makes a directory for a world, whose path is short enough for sockets.
func makeDir() (string, error) { return os.MkdirTemp("", "soak") }
