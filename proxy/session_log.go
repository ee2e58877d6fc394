package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"sluice/cluster/auth"
	"sluice/cluster/rescue"
	"sluice/proxy/door"
)

// origin is who asked for a session, as it is logged: never with the token.
type origin struct {
	peer    string // address of the other side of the connection
	address string // where the request came from, as far as trusted proxies say
	grant   string // id of the token; "" without one
	trace   string // id of the trace that the request belongs to, or ""
}

func originOf(r *http.Request) origin {
	o := origin{peer: r.RemoteAddr, grant: auth.FromContext(r.Context()).ID(), trace: traceID(r.Header)}
	if a := door.Address(r.Context()); a.IsValid() {
		o.address = a.String()
	}
	return o
}

func (o *origin) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("peer", o.peer)}
	for _, a := range [...]slog.Attr{slog.String("address", o.address), slog.String("grant", o.grant), slog.String("trace_id", o.trace)} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	return attrs
}

// maxTitle is how much of the names of a session's streams is logged, in bytes: a request
// may name 16 KB of them.
const maxTitle = 512

func shortened(title string) string {
	if len(title) <= maxTitle {
		return title
	}
	return strings.ToValidUTF8(title[:maxTitle], "") + "…"
}

// logEnd logs what the session got, and what it lost.
func (s *session) logEnd(err error) {
	attrs := []slog.Attr{slog.String("stream", shortened(s.request.title())), slog.String("form", formOf(s.request.events))}
	level, why, extra := ending(err, s.reason, s.timeout)
	attrs = append(append(attrs, s.origin.attrs()...),
		slog.String("reason", why),
		slog.Duration("took", time.Since(s.began).Round(time.Millisecond)),
		slog.Uint64("records", s.told), slog.Uint64("bytes", s.written),
		slog.Uint64("lost", s.missed), slog.Uint64("unknown_losses", s.unknown))
	s.proxy.cfg.Logger.LogAttrs(context.Background(), level, "session ended", append(attrs, extra...)...)
}

func formOf(events bool) string {
	if events {
		return "events"
	}
	return "text"
}

// ending is what is logged of the end of a response: err is why it could not go on, and
// reason why the proxy has ended it, if that is so.
func ending(err error, reason string, timeout time.Duration) (level slog.Level, why string, extra []slog.Attr) {
	var fault *rescue.Error
	switch {
	case err == nil:
		return slog.LevelInfo, reason, nil
	case errors.Is(err, errDraining):
		return slog.LevelInfo, errDraining.Error(), nil
	case errors.As(err, &fault):
		return slog.LevelError, "a defect of this program: please report it",
			[]slog.Attr{slog.Any("err", err), slog.String("stack", string(fault.Stack))}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return slog.LevelWarn, "it took nothing for too long", []slog.Attr{slog.Duration("after", timeout)}
	case errors.Is(err, context.Canceled):
		return slog.LevelInfo, "the client has gone", nil
	}
	return slog.LevelInfo, "the connection broke", []slog.Attr{slog.Any("err", err)}
}
