package proxy

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"sluice/proxy/live"
	"sluice/proxy/tally"
)

const (
	watchEvery = time.Second
	watchBytes = 512 << 10 // that one watcher is sent in a second, the first list apart
	pieceBytes = 64 << 10  // of what has changed
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
	// next returns the next piece, nil when nothing has changed; whether there is more
	// of it at once; and whether it counts for how much may be sent in a second. The
	// piece is valid until the next one.
	next() (piece []byte, more, counts bool)
}

// lists are the whole list each time.
type lists struct {
	live  *live.List
	page  live.Page
	opens func(string) bool
	had   []byte
}

func (l *lists) next() (piece []byte, more, counts bool) {
	text := l.live.Text(&l.page, l.opens)
	if bytes.Equal(text, l.had) {
		return nil, false, true
	}
	l.had = text
	return text, false, true
}

// differences are the list once, and then what changes.
type differences struct {
	live   *live.List
	cursor *live.Cursor
}

func (d *differences) next() (piece []byte, more, counts bool) {
	first := !d.cursor.Begun()
	e, any := d.live.Changes(d.cursor, pieceBytes)
	if !any {
		return nil, false, true
	}
	return appendJSON(nil, e), e.More, !first
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

// tell writes the next piece, if there is one, and returns when to look again.
func (w *watch) tell() (wait time.Duration, err error) {
	piece, more, counts := w.pieces.next()
	if piece != nil {
		b := w.buffer()
		if w.events {
			*b = append(*b, dataLine[1:]...)
		}
		*b = append(*b, piece...)
		*b = append(*b, '\n')
		if w.events {
			*b = append(*b, '\n')
		}
	}
	if piece != nil || !w.begun {
		if err := w.flush(); err != nil {
			return 0, err
		}
	}
	if counts {
		wait = time.Duration(len(piece)) * time.Second / watchBytes
	}
	if !more {
		wait = max(wait, watchEvery)
	}
	return wait, nil
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
