package discovery

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// dnsFinding is one Find by DNS.
type dnsFinding struct {
	d       *dns
	found   func(Found)
	answers chan dnsAnswer
	asking  sync.WaitGroup

	now      Found
	services bool // the set is one of services

	asked    int       // questions so far
	began    time.Time // the last one
	waiting  int       // those that are not answered
	answered int       // the last one that was
	heard    time.Time // when it was; at first, when it all began
}

// dnsAnswer is what came of a question.
type dnsAnswer struct {
	question int
	list     []Consolidator
	services bool
	err      error
}

// turn asks if it is time, and returns when it is its turn again.
func (f *dnsFinding) turn(ctx context.Context) time.Duration {
	d := f.d
	if f.asked > 0 && f.answered == f.asked {
		if left := time.Until(f.began.Add(d.every)); left > 0 {
			return left // all is well
		}
	}
	late := d.late
	if f.now.Known {
		late += d.every
	}
	if f.waiting > 0 && f.now.Trouble == "" && time.Since(f.heard) > late {
		f.tell(f.now.Consolidators, f.now.Known, fmt.Sprintf("lookup %s: no answer", d.name))
	}
	if f.waiting == dnsAtOnce {
		return d.soon
	}
	f.asked++
	f.waiting++
	f.began = time.Now()
	question, services, known := f.asked, f.services, f.now.Consolidators
	f.asking.Go(func() {
		a := dnsAnswer{question: question}
		a.list, a.services, a.err = d.ask(ctx, services, known)
		select {
		case f.answers <- a:
		case <-ctx.Done():
		}
	})
	return d.soon
}

// take takes an answer, unless a later question was answered before.
func (f *dnsFinding) take(a dnsAnswer) {
	switch {
	case a.question < f.answered:
	case a.err != nil:
		f.tell(f.now.Consolidators, f.now.Known, a.err.Error())
	default:
		f.answered, f.heard, f.services = a.question, time.Now(), a.services
		list, left := Bound(a.list, f.now.Consolidators)
		trouble := ""
		if left > 0 {
			trouble = fmt.Sprintf("%d of the answer are passed over: a cluster has %d consolidators at most", left, Max)
		}
		f.tell(list, true, trouble)
	}
}

// tell tells what is known, if that is news.
func (f *dnsFinding) tell(list []Consolidator, known bool, trouble string) {
	next := Found{Consolidators: list, Known: known, Partial: true, Trouble: trouble}
	if !next.Equal(f.now) {
		f.now = next
		f.found(next.Clone())
	}
}
