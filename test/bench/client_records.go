package main

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"sluice/cluster/zmtp"
)

// clientRecord is the size of the records that the client is measured with.
const clientRecord = 240

// publisher publishes numbered records at a rate.
type publisher struct {
	conn *zmtp.Conn
	sent atomic.Int64
	stop context.CancelFunc
	done chan error
}

func (p *publisher) end() {
	p.stop()
	<-p.done
	_ = p.conn.Close()
}

// catchUp is how much a publisher catches up at once, in seconds of its rate: when
// the machine stood still for longer, what was due then is left out, and the rate
// that is printed is lower. A burst of it would be no stream of that rate.
const catchUp = 0.05

// run writes what is due every two milliseconds. It sleeps in the kernel: the
// runtime's timers are too coarse.
func (p *publisher) run(ctx context.Context, stream string, rate, n int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	maker := newRecordMaker(stream)
	begun := time.Now()
	sent := 0
	for ctx.Err() == nil && (n == 0 || sent < n) {
		due := int(time.Since(begun).Seconds()*float64(rate)) - sent
		if most := int(catchUp * float64(rate)); due > most && n == 0 {
			begun = begun.Add(time.Duration(float64(due-most) / float64(rate) * float64(time.Second)))
			due = most
		}
		if n > 0 {
			due = min(due, n-sent)
		}
		if due == 0 {
			ts := syscall.NsecToTimespec(int64(2 * time.Millisecond))
			_ = syscall.Nanosleep(&ts, nil)
			continue
		}
		due = min(due, maker.most())
		if _, err := p.conn.Write(maker.next(due)); err != nil {
			return err
		}
		sent += due
		p.sent.Store(int64(sent))
	}
	return nil
}

// recordMaker makes messages by writing numbers into prepared ones, so that
// making costs next to nothing.
type recordMaker struct {
	prepared []byte
	size     int // of a message
	number   int // where the digits stand in one
	needle   int // where the word stands
	at       int
}

// needleEvery is how many records have one with the word "needle" among them.
const needleEvery = 100_000

func newRecordMaker(stream string) *recordMaker {
	text := `{"v":0,"name":"webtask","hostname":"vm-1","pid":4711,"level":30,"time":"` + time.Now().UTC().Format("2006-01-02T15:04:05.000Z") +
		`","msg":"request 0000000000 completed","tenant":"acme","status":200,"ms":12,"word":"______","pad":"`
	text += strings.Repeat("x", clientRecord-len(text)-2) + `"}`
	one := zmtp.AppendMessage(nil, stream, []byte(text))
	m := &recordMaker{size: len(one)}
	m.number = strings.Index(string(one), "0000000000")
	m.needle = strings.Index(string(one), "______")
	for range (1 << 20) / m.size {
		m.prepared = append(m.prepared, one...)
	}
	return m
}

func (m *recordMaker) most() int { return len(m.prepared) / m.size }

// next returns n messages, until it is called again.
func (m *recordMaker) next(n int) []byte {
	for i := range n {
		message := m.prepared[i*m.size : (i+1)*m.size]
		digits := message[m.number : m.number+10]
		for k, v := len(digits)-1, m.at; k >= 0; k-- {
			digits[k] = byte('0' + v%10)
			v /= 10
		}
		word := "______"
		if m.at%needleEvery == needleEvery/2 {
			word = "needle"
		}
		copy(message[m.needle:], word)
		m.at++
	}
	return m.prepared[:n*m.size]
}
