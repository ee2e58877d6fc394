// Package web is the page that tails streams in a browser: files that are served as
// they are, and may do nothing but read from where they came.
//
// # Contract
//
// [Serve] answers with the page at "/" and with its parts below [Prefix], and reports
// whether it has what was asked for. A browser asks again each time whether a part has
// changed, so page and parts are always of one version. Nothing of the page needs a
// token: it holds no data, and asks for one when the proxy wants it.
//
// The page loads nothing from elsewhere and makes no markup of text: the policy that it
// is served with forbids both, and forbids other sites to frame it.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// Prefix is where the parts of the page are, relative to the page itself.
const Prefix = "/page/"

//go:embed page
var files embed.FS

// policy lets the page run its own scripts and styles, talk to this proxy, and nothing
// else. Trusted types are required, and the only ones are addresses of workers: no text
// can become markup.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types sluice"

// types are those of the parts; the machine's own table may have none or others.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// part is one file, with the name of its version.
type part struct {
	text []byte
	etag string
}

// parts are all files, by their names.
var parts = func() map[string]part {
	all := make(map[string]part)
	entries, err := fs.ReadDir(files, "page")
	if err != nil {
		panic(err) // it is in the program
	}
	for _, e := range entries {
		text, err := fs.ReadFile(files, "page/"+e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(text)
		all[e.Name()] = part{text, `"` + hex.EncodeToString(sum[:8]) + `"`}
	}
	return all
}()

// Serve answers a request for escaped, a path as it was sent, if it is one of the page.
func Serve(w http.ResponseWriter, r *http.Request, escaped string) bool {
	name := "index.html"
	if escaped != "/" {
		var below bool
		if name, below = strings.CutPrefix(escaped, Prefix); !below {
			return false
		}
	}
	p, ok := parts[name]
	if !ok {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", types[path.Ext(name)])
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("ETag", p.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.text))
	return true
}
