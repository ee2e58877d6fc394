package devenv

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"sluice/internal/relay"
)

// Fault is what is wrong with a part of the cluster.
type Fault int

// The faults.
const (
	None   Fault = iota
	Killed       // by SIGKILL: it has no time to say a word
	Hung         // by SIGSTOP: it holds its connections, and does nothing
	Slow         // all that readers send and get takes a second longer
	CutOff       // from the network of its readers: nothing comes through, and no connection breaks
	Ended        // by itself
)

// slowness is how much longer things take with a part that is slow.
const slowness = time.Second

var faultWords = map[Fault]string{None: "runs", Killed: "killed", Hung: "hung", Slow: "slow", CutOff: "cut off", Ended: "ended by itself"}

// String is the state, in a word or two.
func (f Fault) String() string { return faultWords[f] }

// Part is a part of the cluster, as it stands.
type Part struct {
	Name    string
	PID     int // 0 when it does not run
	Fault   Fault
	Since   time.Time // of the fault
	Why     string    // it ended by itself: the signal that ended it, or what it said last
	Network bool      // it can be Slow and CutOff
}

// part is one process of the cluster, which can be broken and mended.
type part struct {
	name  string
	start func() (*process, error) // begins it, where it was
	relay *relay.Relay             // between it and its readers; nil without
	doors []*relay.Relay           // all that lead to it

	mu    sync.Mutex
	now   *process // nil when it does not run
	fault Fault
	since time.Time
	why   string
}

// state is how the part stands.
func (p *part) state() Part {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look()
	s := Part{Name: p.name, Fault: p.fault, Since: p.since, Why: p.why, Network: p.relay != nil}
	if p.now != nil {
		s.PID = p.now.cmd.Process.Pid
	}
	return s
}

// look notes whether the process has ended by itself. mu is held.
func (p *part) look() {
	if p.now == nil {
		return
	}
	select {
	case <-p.now.ended:
		p.why = p.now.why()
		p.now.kill()
		p.mendNetwork()
		p.now, p.fault, p.since = nil, Ended, time.Now()
	default:
	}
}

var errRunsNot = errors.New("it does not run: bring it back first")

// broken breaks the part in a way.
func (p *part) broken(f Fault) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look()
	switch {
	case p.now == nil:
		return errRunsNot
	case (f == Slow || f == CutOff) && p.relay == nil:
		return errors.New("nothing stands between it and others")
	}
	p.mendNetwork()
	if p.fault == Hung {
		_ = p.now.signal(syscall.SIGCONT)
	}
	switch f {
	case Killed:
		p.now.kill()
		p.now = nil
	case Hung:
		if err := p.now.signal(syscall.SIGSTOP); err != nil {
			return err
		}
	case Slow:
		p.relay.Delay(slowness)
	case CutOff:
		p.relay.Hold(true)
	default:
		return fmt.Errorf("%v is no fault that can be made", f)
	}
	p.fault, p.since, p.why = f, time.Now(), ""
	return nil
}

// mend brings the part back.
func (p *part) mend() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look()
	switch {
	case p.now == nil:
		now, err := p.start()
		if err != nil {
			return err
		}
		p.now = now
	case p.fault == Hung:
		if err := p.now.signal(syscall.SIGCONT); err != nil {
			return err
		}
	}
	p.mendNetwork()
	p.fault, p.since, p.why = None, time.Now(), ""
	return nil
}

func (p *part) mendNetwork() {
	if p.relay != nil {
		p.relay.Hold(false)
		p.relay.Delay(0)
	}
}

// stop ends the part for good.
func (p *part) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.doors {
		r.Close()
	}
	if p.now != nil {
		p.now.end()
		p.now = nil
	}
}
