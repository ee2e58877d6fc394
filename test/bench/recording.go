package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/headless/recorder"
)

// Recording is measured at a rate that is asked for, and flat out: records of
// 240 bytes, of one publisher through a consolidator into a file, all on this
// machine.
const (
	recordingRate   = 300_000 // records a second
	recordingRecord = 240     // bytes
	recordingStream = "tenant/acme"
	recordingPool   = 4096 // different records
)

// taker records, somehow, into a file.
type taker struct {
	name    string
	ending  string // of its file
	proxied bool   // it reads through a proxy
	command func(from, out string) []string
}

// recorded is what one round of recording measured.
type recorded struct {
	sent, lines float64
	rate        float64 // records in the file, a second
	cpu         float64 // seconds of the recorder's CPU for each of them, that of a proxy included
	pump        float64 // and of the consolidator's
	stored      float64 // bytes on disk for each of them
}

const recordingPython = `
import signal, sys, zmq
sub = zmq.Context().socket(zmq.SUB)
sub.rcvhwm = 300000
sub.subscribe(sys.argv[2].encode())
sub.connect(sys.argv[1])
def end(*_): raise KeyboardInterrupt
signal.signal(signal.SIGTERM, end)
out = open(sys.argv[3], "wb", 256 << 10)
try:
    while True:
        out.write(sub.recv_multipart()[1] + b"\n")
except KeyboardInterrupt:
    out.close()
`

// recordings measures recording.
func (o options) recordings() error {
	dir, err := os.MkdirTemp("", "sluice-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	inC, err := buildPeer(dir, "zmq_record")
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	sluice := func(args ...string) func(from, out string) []string {
		return func(from, out string) []string {
			return append([]string{o.sluice, "record", recordingStream, "--consolidator", from, "--out", out, "--summary", "json"}, args...)
		}
	}
	takers := []taker{
		{name: "sluice, plain", ending: ".ndjson", command: sluice()},
		{name: "sluice, plain, no fsync", ending: ".ndjson", command: sluice("--fsync", "none")},
		{name: "sluice, .gz", ending: ".ndjson.gz", command: sluice()},
		{name: "sluice, .zst", ending: ".ndjson.zst", command: sluice()},
		{name: "libzmq SUB in C", ending: ".ndjson", command: func(from, out string) []string {
			return []string{inC, from, recordingStream, out}
		}},
		{name: "pyzmq SUB", ending: ".ndjson", command: func(from, out string) []string {
			return []string{"/usr/bin/python3", "-c", recordingPython, from, recordingStream, out}
		}},
		{name: "curl, through a proxy", ending: ".ndjson", proxied: true, command: func(from, out string) []string {
			return []string{"curl", "-sN", "-o", out, from + "/api/logs/" + recordingStream}
		}},
	}
	if o.profile != "" {
		takers = nil
		for _, ending := range []string{".ndjson", ".ndjson.gz", ".ndjson.zst"} {
			takers = append(takers, taker{name: "sluice, " + ending, ending: ending, command: func(from, out string) []string {
				return []string{self, "recorded", from, out, o.profile + ending}
			}})
		}
	}
	for _, load := range []struct {
		name string
		rate int
	}{
		{fmt.Sprintf("%d records a second", recordingRate), recordingRate},
		{"flat out", 0},
	} {
		fmt.Printf("recording, %s of %d bytes for %v, medians of %d rounds; CPU in µs per recorded record\n\n", load.name, recordingRecord, o.time, o.rounds)
		fmt.Printf("%-26s %12s %8s %10s %10s %12s\n", "", "recorded/s", "lost", "recorder", "pump", "bytes/record")
		all := make([][]recorded, len(takers))
		for range o.rounds {
			for i, t := range takers {
				r, err := o.recording(t, dir, load.rate)
				if err != nil {
					return fmt.Errorf("%s: %w", t.name, err)
				}
				all[i] = append(all[i], r)
			}
		}
		for i, t := range takers {
			pick := func(f func(recorded) float64) float64 {
				v := make([]float64, len(all[i]))
				for j, r := range all[i] {
					v[j] = f(r)
				}
				slices.Sort(v)
				return v[len(v)/2]
			}
			fmt.Printf("%-26s %12.0f %7.1f%% %10.3f %10.3f %12.1f\n", t.name,
				pick(func(r recorded) float64 { return r.rate }),
				pick(func(r recorded) float64 { return 100 * (1 - r.lines/r.sent) }),
				pick(func(r recorded) float64 { return 1e6 * r.cpu }),
				pick(func(r recorded) float64 { return 1e6 * r.pump }),
				pick(func(r recorded) float64 { return r.stored }))
		}
		fmt.Println()
	}
	return nil
}

// settled is how long nothing more must come until everything has.
const settled = 700 * time.Millisecond

// recording runs one round.
func (o options) recording(t taker, dir string, rate int) (r recorded, err error) {
	pub, sub, err := freeEndpoints()
	if err != nil {
		return r, err
	}
	pump := target{command: func(pub, sub string) []string {
		return []string{o.sluice, "consolidator", "--publish", pub, "--subscribe", sub, "--admin", ""}
	}}
	stop, pumpPID, err := pump.start(pub, sub)
	if err != nil {
		return r, err
	}
	defer stop()
	conn, err := dial(pub, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true})
	if err != nil {
		return r, err
	}
	defer conn.Close()
	from, pids := sub.String(), []int{}
	if t.proxied {
		listen, _, err := freeEndpoints()
		if err != nil {
			return r, err
		}
		proxy := target{command: func(listen, sub string) []string {
			return []string{o.sluice, "proxy", "--admin", "", "--listen", strings.TrimPrefix(listen, "tcp://"), "--consolidator", sub}
		}}
		stop, pid, err := proxy.start(listen, sub)
		if err != nil {
			return r, err
		}
		defer stop()
		if err := awaitTCP(listen.Address); err != nil {
			return r, err
		}
		from = "http://" + listen.Address
		pids = append(pids, pid)
	}
	out := filepath.Join(dir, "out"+t.ending)
	defer os.Remove(out)
	args := t.command(from, out)
	var said bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return r, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	pids = append(pids, cmd.Process.Pid)
	time.Sleep(1500 * time.Millisecond) // it subscribes, and says so to nobody

	cpu, err := cpuTimes(pids)
	if err != nil {
		return r, err
	}
	pumped, err := cpuTime(pumpPID)
	if err != nil {
		return r, err
	}
	begun := time.Now()
	sent, err := send(conn, rate, o.time)
	if err != nil {
		return r, err
	}
	took := time.Since(begun)
	// What waits is recorded after the last was sent.
	last, lastCPU := time.Now(), cpu
	for time.Since(last) < settled {
		time.Sleep(settled / 10)
		now, err := cpuTimes(pids)
		if err != nil {
			return r, err
		}
		if now-lastCPU > settled/70 { // it catches up; writing the last piece takes less
			last = time.Now()
			took = time.Since(begun)
		}
		lastCPU = now
	}
	after, err := cpuTime(pumpPID)
	if err != nil {
		return r, err
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !(t.proxied && errors.As(err, &exit)) { // curl does not expect to end
		return r, fmt.Errorf("%w: %s", err, said.Bytes())
	}
	lines, dropped, stored, err := counted(out)
	if err != nil {
		return r, err
	}
	if strings.HasPrefix(t.name, "sluice") {
		var s recorder.Summary
		if err := json.Unmarshal(said.Bytes()[bytes.IndexByte(said.Bytes(), '{'):], &s); err != nil {
			return r, fmt.Errorf("read summary %q: %w", said.Bytes(), err)
		}
		if s.Records != lines || s.Dropped != dropped || lines+dropped != uint64(sent) || s.Unknown > 0 {
			return r, fmt.Errorf("%d sent, %d in the file and %d told as lost there; the summary is %+v", sent, lines, dropped, s)
		}
	}
	if lines == 0 {
		return r, errors.New("nothing was recorded")
	}
	n := float64(lines)
	return recorded{
		sent: float64(sent), lines: n, rate: n / took.Seconds(),
		cpu: (lastCPU - cpu).Seconds() / n, pump: (after - pumped).Seconds() / n, stored: float64(stored) / n,
	}, nil
}

func cpuTimes(pids []int) (sum time.Duration, err error) {
	for _, pid := range pids {
		t, err := cpuTime(pid)
		if err != nil {
			return 0, err
		}
		sum += t
	}
	return sum, nil
}

func awaitTCP(address string) error {
	var err error
	for range 500 {
		var c net.Conn
		if c, err = net.Dial("tcp", address); err == nil {
			return c.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

// send publishes records for a time, at a rate or, when it is 0, as fast as they
// are taken. They look like logs, since it matters for what is compressed.
func send(conn *zmtp.Conn, rate int, span time.Duration) (sent int, err error) {
	rng := rand.New(rand.NewPCG(1, 1))
	var pool []byte
	ends := []int{0}
	words := strings.Fields("request served in cache miss for tenant user session renewed while job queue drains after retry of upstream timeout")
	for i := range recordingPool {
		r := fmt.Sprintf(`{"v":0,"name":"api","hostname":"vm-1","pid":4711,"level":30,"time":"2026-03-01T12:%02d:%02d.%03dZ","req_id":"%016x","ms":%d,"msg":"`,
			i/60%60, i%60, rng.IntN(1000), rng.Uint64(), rng.IntN(500))
		for len(r) < recordingRecord-2 {
			r += words[rng.IntN(len(words))] + " "
		}
		r = r[:recordingRecord-2] + `"}`
		pool = zmtp.AppendMessage(pool, recordingStream, []byte(r))
		ends = append(ends, len(pool))
	}
	const piece = recordingPool / 8 // records written at once
	begun := time.Now()
	for i := 0; time.Since(begun) < span; i++ {
		if rate > 0 {
			time.Sleep(time.Until(begun.Add(time.Duration(sent) * time.Second / time.Duration(rate))))
		}
		at := i % (recordingPool / piece) * piece
		if _, err := conn.Write(pool[ends[at]:ends[at+piece]]); err != nil {
			return sent, err
		}
		sent += piece
	}
	return sent, nil
}

// counted counts the records in a file, and those that are told in it to be
// lost.
func counted(name string) (lines, dropped uint64, stored int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, 0, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, 0, 0, err
	}
	var r io.Reader = f
	switch filepath.Ext(name) {
	case ".gz":
		r, err = gzip.NewReader(f)
	case ".zst":
		r, err = zstd.NewReader(f)
	}
	if err != nil {
		return 0, 0, 0, err
	}
	in := bufio.NewScanner(r)
	for in.Scan() {
		if !bytes.HasPrefix(in.Bytes(), []byte(`{"v":0,"name":"sluice"`)) {
			lines++
			continue
		}
		var loss struct{ Dropped uint64 }
		if err := json.Unmarshal(in.Bytes(), &loss); err != nil {
			return 0, 0, 0, err
		}
		dropped += loss.Dropped
	}
	return lines, dropped, info.Size(), in.Err()
}

// recordedHere records in this process and writes its CPU profile.
func recordedHere(from, out, profile string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	f, err := os.Create(profile)
	if err != nil {
		return err
	}
	defer f.Close()
	source, err := direct.New(direct.Config{Consolidators: []string{from}, Inbox: 64 << 20})
	if err != nil {
		return err
	}
	r, err := recorder.New(recorder.Config{Source: source, Streams: []string{recordingStream}, Out: out})
	if err != nil {
		return err
	}
	ran := make(chan error, 1)
	go func() { ran <- source.Run(ctx) }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	err = r.Run(ctx)
	pprof.StopCPUProfile()
	if err := errors.Join(err, <-ran); err != nil {
		return err
	}
	return r.Summary().WriteJSON(os.Stderr)
}
