package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/cluster/zmtp"
)

// Archiving is measured at rates that are asked for, and flat out: records of 240 bytes
// of a hundred streams, which take turns, through a consolidator into JetStream, all on
// this machine. Beside it stands what one would write by hand: a message a record.
const (
	archiveName    = "archive: writing"
	archiveRate    = 300_000 // records a second
	archiveStreams = 100
	archiveSpan    = 20 * time.Second // of a round at least: a batch waits for up to a second
)

// archived is what one round of archiving measured.
type archived struct {
	rate   float64 // records archived a second
	lost   float64 // of those that were sent
	cpu    float64 // seconds of the archive's CPU for each, its server included
	stored float64 // bytes on disk for each
	memory float64 // peak of the archive, bytes
}

// keeper archives, somehow.
type keeper struct {
	name  string
	verb  string // of this program
	plain bool   // it keeps a message a record
}

var keepers = []keeper{{"sluice archive", "archived", false}, {"a message a record", "archived-plainly", true}}

func (o options) archives(only *regexp.Regexp) error {
	if only.MatchString(archiveName) {
		for _, rate := range []int{50_000, archiveRate, 2 * archiveRate, 0} {
			if err := o.archiveAt(rate); err != nil {
				return err
			}
		}
	}
	if only.MatchString(archiveLagName) {
		if err := o.archiveLag(); err != nil {
			return err
		}
	}
	if only.MatchString(archiveTakeoverName) {
		if err := o.archiveTakeover(); err != nil {
			return err
		}
	}
	if only.MatchString(archiveMemoryName) {
		if err := o.archiveMemory(); err != nil {
			return err
		}
	}
	if only.MatchString(growthName) {
		return o.growth()
	}
	return nil
}

func (o options) archiveAt(rate int) error {
	o.time, o.rounds = max(o.time, archiveSpan), max(o.rounds/5, 1)
	at := "flat out"
	if rate > 0 {
		at = fmt.Sprintf("%d records a second", rate)
	}
	fmt.Printf("%s, %s of %d bytes, %d streams, for %v, medians of %d rounds; CPU in µs per record\n\n", archiveName, at, recordingRecord, archiveStreams, o.time, o.rounds)
	fmt.Printf("%-20s %12s %8s %8s %14s %12s\n", "", "archived/s", "lost", "CPU", "bytes/record", "memory MiB")
	all := make([][]archived, len(keepers))
	for range o.rounds {
		for i, k := range keepers {
			r, err := o.archive(k, rate)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			all[i] = append(all[i], r)
		}
	}
	var medians []archived
	for i, k := range keepers {
		pick := func(f func(archived) float64) float64 {
			var v []float64
			for _, r := range all[i] {
				v = append(v, f(r))
			}
			slices.Sort(v)
			return v[len(v)/2]
		}
		m := archived{
			pick(func(r archived) float64 { return r.rate }), pick(func(r archived) float64 { return r.lost }),
			pick(func(r archived) float64 { return r.cpu }), pick(func(r archived) float64 { return r.stored }),
			pick(func(r archived) float64 { return r.memory }),
		}
		medians = append(medians, m)
		fmt.Printf("%-20s %12.0f %7.2f%% %8.3f %14.1f %12.0f\n", k.name, m.rate, 100*m.lost, 1e6*m.cpu, m.stored, m.memory/(1<<20))
	}
	fmt.Printf("rate × plain %.1f   bytes ÷ plain %.1f   CPU ÷ plain %.1f\n\n",
		medians[0].rate/medians[1].rate, medians[1].stored/medians[0].stored, medians[1].cpu/medians[0].cpu)
	return nil
}

// archive runs one round.
func (o options) archive(k keeper, rate int) (r archived, err error) {
	load := mix(archiveStreams)
	pumps, err := o.startPumps(1)
	if err != nil {
		return r, err
	}
	defer pumps.stop()
	w, err := o.startArchive(k, pumps, "")
	if err != nil {
		return r, err
	}
	defer w.stop()
	before, err := cpuTime(w.pid)
	if err != nil {
		return r, err
	}
	begun := time.Now()
	sent, err := load.send(pumps.publish[0], rate, o.time)
	if err != nil {
		return r, err
	}
	kept, lost, at, err := w.settles(sent)
	if err != nil {
		return r, err
	}
	after, err := cpuTime(w.pid)
	if err != nil {
		return r, err
	}
	n := float64(kept)
	r = archived{rate: n / at.Sub(begun).Seconds(), lost: float64(max(lost, 0)) / float64(sent), cpu: (after - before).Seconds() / n}
	if r.memory, err = peakMemory(w.pid); err != nil {
		return r, err
	}
	w.stop()
	size, err := sizeOf(w.dir)
	r.stored = float64(size) / n
	return r, err
}

// pumps are consolidators, and a publisher at each.
type pumps struct {
	subscribe []string
	publish   []*zmtp.Conn
	stops     []func()
}

func (p *pumps) stop() {
	for _, c := range p.publish {
		_ = c.Close()
	}
	for _, f := range p.stops {
		f()
	}
}

func (o options) startPumps(n int) (p *pumps, err error) {
	p = &pumps{}
	for i := range n {
		pub, sub, err := freeEndpoints()
		if err != nil {
			return p, err
		}
		stop, _, err := target{command: func(pub, sub string) []string {
			return []string{o.sluice, "consolidator", "--publish", pub, "--subscribe", sub, "--admin", "", "--name", fmt.Sprintf("vm-%d", i+1)}
		}}.start(pub, sub)
		if err != nil {
			return p, err
		}
		p.stops = append(p.stops, stop)
		conn, err := dial(pub, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true})
		if err != nil {
			return p, err
		}
		p.publish, p.subscribe = append(p.publish, conn), append(p.subscribe, sub.String())
	}
	return p, nil
}

// archiving is an archive that runs.
type archiving struct {
	keeper
	dir    string
	pid    int
	client *engine.Client
	stop   func()
}

func (o options) startArchive(k keeper, p *pumps, profile string) (a *archiving, err error) {
	dir, err := os.MkdirTemp("", "sluice-bench")
	if err != nil {
		return nil, err
	}
	return o.startArchiveOf(dir, k, p, profile)
}

// startArchiveOf starts an archive with a store that is there.
func (o options) startArchiveOf(dir string, k keeper, p *pumps, profile string) (a *archiving, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	listen, _, err := freeEndpoints()
	if err != nil {
		return nil, err
	}
	if profile == "" {
		profile = o.profile
	}
	stop, pid, err := startCommand([]string{self, k.verb, strings.Join(p.subscribe, ","), dir, listen.Address, profile})
	if err != nil {
		return nil, err
	}
	ended := false
	a = &archiving{keeper: k, dir: dir, pid: pid}
	a.stop = func() {
		if ended {
			return
		}
		ended = true
		if a.client != nil {
			a.client.Close()
		}
		stop()
	}
	if err := awaitTCP(listen.Address); err != nil {
		return a, err
	}
	if a.client, err = engine.Dial(engine.DialConfig{URLs: []string{"nats://" + listen.Address}}); err != nil {
		return a, err
	}
	ctx, end := context.WithTimeout(context.Background(), 10*time.Second)
	defer end()
	for {
		if err = a.client.Ready(ctx); err == nil || ctx.Err() != nil || !errors.Is(err, engine.ErrNoArchive) {
			break
		}
		time.Sleep(10 * time.Millisecond) // it is beginning
	}
	time.Sleep(1500 * time.Millisecond) // it watches the consolidators, and says so to nobody
	return a, err
}

// settles waits until everything that was sent is archived or lost, and returns when it
// was.
func (a *archiving) settles(sent int) (kept, lost int, at time.Time, err error) {
	was, at := -1, time.Now()
	for time.Since(at) < 5*time.Second {
		if kept, lost, err = a.holds(); err != nil {
			return 0, 0, at, err
		}
		if kept+lost != was {
			was, at = kept+lost, time.Now()
		}
		if kept+lost >= sent {
			return kept, sent - kept, at, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !a.plain {
		return kept, lost, at, fmt.Errorf("of %d records, %d are archived and %d lost", sent, kept, lost)
	}
	return kept, sent - kept, at, nil
}

// holds is how many records are archived, and how many are told as lost.
func (a *archiving) holds() (kept, lost int, err error) {
	ctx, end := context.WithTimeout(context.Background(), 10*time.Second)
	defer end()
	if a.plain {
		s, err := a.client.JetStream().Stream(ctx, plainStream)
		if err != nil {
			return 0, 0, err
		}
		return int(s.CachedInfo().State.Msgs), 0, nil
	}
	last := make(map[string]batch.Totals) // what is appended meanwhile comes a second time
	for m, err := range a.client.Heads(ctx, subject.Root+".*.tenant.>") {
		if err != nil {
			return 0, 0, err
		}
		h, err := batch.Peek(m.Subject, m.Header)
		if err != nil {
			return 0, 0, err
		}
		last[m.Subject] = h.Totals()
	}
	for _, t := range last {
		kept, lost = kept+int(t.Records), lost+int(t.Lost)
		if t.Unknown > 0 {
			return 0, 0, errors.New("a loss of unknown number")
		}
	}
	return kept, lost, nil
}

func sizeOf(dir string) (size int64, err error) {
	defer os.RemoveAll(dir)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		i, err := d.Info()
		if err == nil {
			size += i.Size()
		}
		return err
	})
	return size, err
}

// archiveRecord appends a record that looks like a log, since it matters for what is
// compressed.
func archiveRecord(dst []byte, rng *rand.Rand, at time.Time) []byte {
	from := len(dst)
	dst = fmt.Appendf(dst, `{"v":0,"name":"api","hostname":"vm-1","pid":4711,"level":30,"time":"%s","req_id":"%016x","ms":%d,"msg":"`,
		at.UTC().Format("2006-01-02T15:04:05.000Z"), rng.Uint64(), rng.IntN(500))
	for len(dst)-from < recordingRecord-2 {
		dst = append(append(dst, archiveWords[rng.IntN(len(archiveWords))]...), ' ')
	}
	return append(dst[:from+recordingRecord-2], `"}`...)
}

var archiveWords = strings.Fields("request served in cache miss for tenant user session renewed while job queue drains after retry of upstream timeout")

// mixed is records of streams that take turns, ready to be written.
type mixed struct {
	bytes []byte
	ends  []int // of each record, behind the first place
}

func mix(streams int) (m mixed) {
	rng := rand.New(rand.NewPCG(1, 1))
	var record []byte
	m.ends = []int{0}
	const size = 1 << 18 // records that differ, more than batches hold
	for i := range size {
		record = archiveRecord(record[:0], rng, time.Now().Add(time.Duration(i)*time.Millisecond))
		m.bytes = zmtp.AppendMessage(m.bytes, fmt.Sprintf("tenant/%05d", i%streams), record)
		m.ends = append(m.ends, len(m.bytes))
	}
	return m
}

// send publishes for a time, at a rate or, when it is 0, as fast as records are taken. Any number of
// connections may do so at once.
func (m mixed) send(conn *zmtp.Conn, rate int, span time.Duration) (sent int, err error) {
	const piece = 256 // records that are written at once
	begun := time.Now()
	for i := 0; time.Since(begun) < span; i++ {
		if rate > 0 {
			time.Sleep(time.Until(begun.Add(time.Duration(sent) * time.Second / time.Duration(rate))))
		}
		at := i * piece % (len(m.ends) - 1)
		if _, err := conn.Write(m.bytes[m.ends[at]:m.ends[at+piece]]); err != nil {
			return sent, err
		}
		sent += piece
	}
	return sent, nil
}
