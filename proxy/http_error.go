package proxy

import (
	"net/http"
	"strconv"

	"sluice/cluster/httpapi"
)

// problem answers with an error. Clients in the field that ask for events never
// look at the status: they get it as a record.
func problem(w http.ResponseWriter, r *http.Request, status int, detail string) {
	title := http.StatusText(status)
	var body []byte
	if wantsEvents(r) {
		w.Header().Set("Content-Type", httpapi.TypeEvents)
		body = append(body, "data: "...)
		body = appendJSON(body, struct {
			Msg string `json:"msg"`
		}{strconv.Itoa(status) + " " + title + ": " + detail})
		body = append(body, "\n\n"...)
	} else {
		w.Header().Set("Content-Type", "application/problem+json")
		body = appendJSON(body, struct {
			Type   string `json:"type"`
			Title  string `json:"title"`
			Status int    `json:"status"`
			Detail string `json:"detail"`
		}{"about:blank", title, status, detail})
		body = append(body, '\n')
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a peer that is gone needs no answer
}
