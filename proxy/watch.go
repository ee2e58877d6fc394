package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"sluice/proxy/live"
	"sluice/proxy/tally"
)

const (
	watchEvery = time.Second
	watchBytes = 512 << 10 // that one watcher is sent in a second, the first list apart
	pieceBytes = 64 << 10  // of what has changed
	listBytes  = 256 << 10 // of a whole list: a longer one is written in pieces
)

// watch is a response that tells of the live streams whenever they change.
type watch struct {
	batchWriter
	proxy  *Proxy
	events bool
	pieces pieces
	origin origin
	began  time.Time
	reason string // why the proxy has ended it, once it has
}

// pieces are what a watcher is told, one after the other.
type pieces interface {
	// next returns the next piece, nil when nothing has changed. It is valid until the
	// one after it.
	next() (text []byte, p piece)
}

// piece is how a piece stands among the others. An object has one or several.
type piece struct {
	begins, ends bool // an object
	more         bool // of what has changed comes at once
	counts       bool // for how much may be sent in a second
}

// lists are the whole list each time.
type lists struct {
	live   *live.List
	page   live.Page
	opens  func(string) bool
	seen   live.Seen
	answer *live.Answer // that is being told
}

func (l *lists) next() (text []byte, p piece) {
	p.counts = true
	if l.answer == nil {
		answer := l.live.Answer(l.page, l.opens)
		if !answer.News(&l.seen) {
			return nil, p
		}
		l.answer, p.begins = answer, true
	}
	text, more := l.answer.Next(listBytes)
	if !more {
		l.answer, p.ends = nil, true
	}
	return text, p
}

// differences are the list once, and then what changes.
type differences struct {
	live   *live.List
	cursor *live.Cursor
}

func (d *differences) next() (text []byte, p piece) {
	first := !d.cursor.Begun()
	e, any := d.live.Changes(d.cursor, pieceBytes)
	if !any {
		return nil, piece{counts: true}
	}
	return appendJSON(nil, e), piece{begins: true, ends: true, more: e.More, counts: !first}
}

// run tells what there is until the reader goes, or the proxy ends it.
func (w *watch) run(ctx context.Context) error {
	ping := time.NewTicker(w.proxy.cfg.Heartbeat)
	defer ping.Stop()
	next := time.NewTimer(0)
	defer next.Stop()
	draining, why := w.proxy.draining, tally.Lifetime
	var over <-chan time.Time
	if end := w.proxy.lifetime(time.Now()); !end.IsZero() {
		over = time.After(time.Until(end))
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-draining:
			draining, why = nil, tally.Shutdown
			over = time.After(rand.N(w.proxy.spread() + 1)) // not all come back at once
		case <-over:
			w.proxy.counts.Add(why, 1)
			if why == tally.Shutdown {
				return w.end(endDraining)
			}
			w.reason = why.String()
			if w.events {
				w.add(lifetimeEvent)
			}
			return w.flush()
		case <-ping.C:
			if w.events {
				w.add(pingEvent)
			}
			if err := w.flush(); err != nil {
				return err
			}
		case <-next.C:
			wait, err := w.tell()
			if err != nil {
				return err
			}
			next.Reset(wait)
		}
	}
}

// tell writes the next object, if there is one, and returns when to look again. It has
// the time of one write for that: what it writes from is kept meanwhile.
func (w *watch) tell() (wait time.Duration, err error) {
	began, size := time.Now(), 0
	for {
		text, p := w.pieces.next()
		if text == nil && w.begun {
			return max(wait, watchEvery), nil
		}
		w.addPiece(text, p)
		if err := w.flush(); err != nil {
			return 0, err
		}
		if p.counts {
			size += len(text)
		}
		if text == nil || p.ends {
			wait = time.Duration(size) * time.Second / watchBytes
			if !p.more {
				wait = max(wait, watchEvery)
			}
			return wait, nil
		}
		if time.Since(began) > w.timeout {
			w.countBlocked()
			w.cutOff()
			return 0, fmt.Errorf("write the list of streams: %w", os.ErrDeadlineExceeded)
		}
	}
}

// addPiece adds a piece of an object.
func (w *watch) addPiece(text []byte, p piece) {
	if text == nil {
		return
	}
	b := w.buffer()
	if p.begins && w.events {
		*b = append(*b, dataLine[1:]...)
	}
	*b = append(*b, text...)
	if p.ends {
		*b = append(*b, '\n')
	}
	if p.ends && w.events {
		*b = append(*b, '\n')
	}
}

// end tells why the response ends.
func (w *watch) end(reason string) error {
	w.reason = reason
	if w.events {
		b := w.buffer()
		*b = appendEnd(*b, reason)
	}
	return w.flush()
}

// logEnd logs what the watcher got.
func (w *watch) logEnd(err error) {
	level, why, extra := ending(err, w.reason, w.timeout)
	attrs := append([]slog.Attr{slog.String("form", formOf(w.events))}, w.origin.attrs()...)
	attrs = append(attrs, slog.String("reason", why),
		slog.Duration("took", time.Since(w.began).Round(time.Millisecond)), slog.Uint64("bytes", w.written))
	w.proxy.cfg.Logger.LogAttrs(context.Background(), level, "watching the streams ended", append(attrs, extra...)...)
}
