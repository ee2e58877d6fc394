package proxy

import (
	"io"
	"net/http"
	"time"
)

// maxBody is how much a request's body may have, in bytes. Nobody wants it.
const maxBody = 64 << 10

// passBody reads over the body of a request, for which net/http would wait without end
// before it answers, and reports whether that was short and came in time. Otherwise the
// connection ends with the answer.
func (p *Proxy) passBody(w http.ResponseWriter, r *http.Request) bool {
	if r.ContentLength == 0 {
		return true
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
	w.Header().Set("Connection", "close")
	return false
}
