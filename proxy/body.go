package proxy

import (
	"io"
	"net/http"
	"time"
)

// maxBody is how much a request's body may have, in bytes. Nobody wants it.
const maxBody = 64 << 10

// passBody reads over the body of a request, for which net/http would wait without end
// before it answers, and reports whether that was short and came in time. With HTTP/1 the
// connection ends with the answer: a proxy before this one may have taken another part of
// what follows for the body, and then sends one reader's request to another.
func (p *Proxy) passBody(w http.ResponseWriter, r *http.Request) bool {
	if r.ContentLength == 0 {
		return true
	}
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(p.cfg.WriteTimeout))
	if r.ContentLength <= maxBody {
		n, err := io.Copy(io.Discard, io.LimitReader(r.Body, maxBody+1))
		if err == nil && n <= maxBody {
			_ = control.SetReadDeadline(time.Time{})
			return true
		}
	}
	return false
}
