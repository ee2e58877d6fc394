package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"sluice/internal/foreign"
)

//go:embed libzmq.py
var peerScript string

// hasLibzmq reports whether peers of libzmq can be run.
func hasLibzmq() bool { return foreign.Missing("python3-zmq") == "" }

// peer is a process with a libzmq socket.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startPeer(args ...string) (*peer, error) {
	p := &peer{cmd: exec.Command(foreign.Python, append([]string{"-c", peerScript}, args...)...)}
	p.cmd.Stderr = os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReaderSize(out, 64<<10)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a peer of libzmq: %w", err)
	}
	return p, nil
}

// end ends the process.
func (p *peer) end() {
	_ = p.in.Close()
	late := time.AfterFunc(time.Second, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	_ = p.cmd.Wait()
}

// libzmq reads one consolidator with libzmq's SUB socket. That makes its
// connections by itself and tells of none.
type libzmq struct {
	*tally
	endpoint string

	got []*connection // by stream; guarded by tally.mu
}

func newLibzmq(w *world, id string, machine int) *libzmq {
	l := &libzmq{
		tally:    newTally(w, kindLibzmq, id, machine),
		endpoint: w.machines[machine].subscribe[0].String(),
	}
	for range w.streams {
		l.got = append(l.got, &connection{})
	}
	return l
}

func (l *libzmq) run(ctx context.Context) error {
	p, err := startPeer("sub", l.endpoint, "system", "tenant/")
	if err != nil {
		return err
	}
	defer p.end()
	defer context.AfterFunc(ctx, func() { _ = p.in.Close() })()
	for {
		line, err := readLine(p.out)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return l.w.violation(l, fmt.Errorf("the peer of libzmq has ended: %w", err))
		}
		name, data, _ := bytes.Cut(line, []byte("\t"))
		if s := l.w.stream(name); s >= 0 {
			l.mu.Lock()
			err = l.message(s, data)
			l.mu.Unlock()
		}
		if err != nil {
			return l.w.violation(l, err)
		}
		if temper(l.temper.Load()) != prompt && l.rnd.IntN(500) == 0 {
			_, _ = io.WriteString(p.in, "stop\n") // a peer that has ended is seen where it is read
			l.pause(ctx, l.rnd)
			_, _ = io.WriteString(p.in, "go\n")
		}
	}
}

func (l *libzmq) message(s int, data []byte) error {
	if n, ok := parseNotice(data); ok {
		l.notef("told %d lost of %s", n.Dropped, l.w.streams[s])
		l.lost(n.Dropped, n.Unknown)
		l.got[s].count += n.Dropped
		return nil
	}
	id, err := l.record(s, data)
	if err != nil {
		return err
	}
	l.recent.add(event{stream: s, machine: l.machine, id: id})
	l.got[s].record(id)
	return nil
}

func (l *libzmq) check(q *quiet) error {
	for s, c := range l.got {
		final := q.final[l.machine][s]
		jumps := 0
		if q.restarted[l.machine] {
			jumps = 2 // one into the new epoch, one more for a connection in between
		}
		t := l.w.truth.log(l.machine, s)
		t.mu.Lock()
		err := c.check(t, jumps, &final)
		t.mu.Unlock()
		if err != nil {
			return fmt.Errorf("%q: %w", l.w.streams[s], err)
		}
		l.got[s] = &connection{anchored: true, anchor: final}
	}
	return nil
}
