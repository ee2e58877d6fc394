package proxied

import (
	"errors"
	"net/http"
	"strings"
)

// notHTTP explains an error of a request, if it shows that no proxy answers there.
func notHTTP(err error) error {
	if strings.Contains(err.Error(), "malformed HTTP ") { // net/http has no name for it
		return errors.New("what listens there does not speak HTTP: is this a sluice proxy?")
	}
	return err
}

// statusText explains a status that came without a text.
func statusText(resp *http.Response) string {
	if resp.StatusCode == http.StatusNotFound {
		return resp.Status + ": is this a sluice proxy?"
	}
	return resp.Status
}
