package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
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

// logEnd logs what the session got, and what it lost.
func (s *session) logEnd(err error) {
	level, reason := slog.LevelInfo, ""
	var extra []slog.Attr
	var fault *rescue.Error
	switch {
	case err == nil:
		reason = s.reason
	case errors.Is(err, errDraining):
		reason = errDraining.Error()
	case errors.As(err, &fault):
		level, reason = slog.LevelError, "a defect of this program: please report it"
		extra = []slog.Attr{slog.Any("err", err), slog.String("stack", string(fault.Stack))}
	case errors.Is(err, os.ErrDeadlineExceeded):
		level, reason = slog.LevelWarn, "it took nothing for too long"
		extra = []slog.Attr{slog.Duration("after", s.timeout)}
	case errors.Is(err, context.Canceled):
		reason = "the client has gone"
	default:
		reason = "the connection broke"
		extra = []slog.Attr{slog.Any("err", err)}
	}
	form := "text"
	if s.request.events {
		form = "events"
	}
	attrs := append([]slog.Attr{slog.String("stream", s.request.title()), slog.String("form", form)}, s.origin.attrs()...)
	attrs = append(attrs,
		slog.String("reason", reason),
		slog.Duration("took", time.Since(s.began).Round(time.Millisecond)),
		slog.Uint64("records", s.told), slog.Uint64("bytes", s.written),
		slog.Uint64("lost", s.missed), slog.Uint64("unknown_losses", s.unknown))
	s.proxy.cfg.Logger.LogAttrs(context.Background(), level, "session ended", append(attrs, extra...)...)
}
