package proxy

import (
	"net/http"
	"strings"

	"sluice/cluster/httpapi"
	"sluice/proxy/web"
)

// route is what is served at some paths: as it is done, and as it is described.
type route struct {
	path   string                                                 // as OpenAPI writes it
	has    func(path string) bool                                 // of a path as it was sent
	serve  func(p *Proxy, w http.ResponseWriter, r *http.Request) // GET and HEAD
	public bool                                                   // open to all: it says nothing of any stream

	operation  string // its name, in the description
	tag        string
	summary    string
	parameters []parameter
	answers    map[int]string // what a status comes with, by the name of the answer
}

// routes are all. The first that has a path serves it.
var routes = []route{
	{
		path: "/healthz", has: is("/healthz"), public: true,
		serve:     func(_ *Proxy, w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "alive\n") },
		operation: "health", tag: tagHealth, summary: "Whether the process answers.",
		answers: map[int]string{200: answerText, 403: answerProblem},
	},
	{
		path: "/readyz", has: is("/readyz"), public: true, serve: (*Proxy).serveReady,
		operation: "ready", tag: tagHealth, summary: "Whether the proxy is able to serve: not while it starts, and not once it is shutting down.",
		answers: map[int]string{200: answerText, 403: answerProblem, 503: answerText},
	},
	{
		// Before the others below Prefix, of which it says nothing.
		path: httpapi.DescriptionPath, has: is(httpapi.DescriptionPath), public: true, serve: (*Proxy).serveDescription,
		operation: "describe", tag: tagDescription, summary: "This description.",
		answers: map[int]string{200: answerDescription, 403: answerProblem, 503: answerLater},
	},
	{
		path: httpapi.StreamsPath, has: is(httpapi.StreamsPath), serve: (*Proxy).serveStreams,
		operation: "streams", tag: tagStreams, summary: "The live streams that the token opens, with their rates; with watch, again and again.",
		parameters: streamsParameters,
		answers:    with(refusals, 200, answerList),
	},
	{
		path: httpapi.LogsRoot, has: is(httpapi.LogsRoot), serve: (*Proxy).serveLogs,
		operation: "tailSeveral", tag: tagStreams, summary: "Several streams in one response, as stream= names them.",
		parameters: several(sessionParameters),
		answers:    with(with(refusals, 200, answerTail), 404, answerProblem),
	},
	{
		// The same as the next one, by the path that the original service had.
		path: httpapi.LogsPrefix + "tenant/{tenant}", has: below(httpapi.LogsPrefix + "tenant/"), serve: (*Proxy).serveLogs,
		operation: "tailTenant", tag: tagStreams, summary: "The stream of a tenant, tenant/{tenant}.",
		parameters: append([]parameter{tenantInPath}, sessionParameters...),
		answers:    with(refusals, 200, answerTail),
	},
	{
		path: httpapi.LogsPrefix + "{stream}", has: below(httpapi.LogsPrefix), serve: (*Proxy).serveLogs,
		operation: "tail", tag: tagStreams, summary: "One stream, by its name, whose slashes may be escaped or not.",
		parameters: append([]parameter{streamInPath}, sessionParameters...),
		answers:    with(refusals, 200, answerTail),
	},
	{
		path: "/", has: is("/"), public: true, serve: (*Proxy).servePage,
		operation: "page", tag: tagPage, summary: "The page that tails streams in a browser.",
		answers: map[int]string{200: answerHTML, 206: answerHTML, 304: answerNothing, 403: answerProblem, 412: answerNothing, 416: answerText, 503: answerLater},
	},
	{
		path: web.Prefix + "{part}", has: below(web.Prefix), public: true, serve: (*Proxy).servePage,
		operation: "pagePart", tag: tagPage, summary: "A part of that page.",
		parameters: []parameter{partInPath},
		answers:    map[int]string{200: answerFile, 206: answerFile, 304: answerNothing, 403: answerProblem, 404: answerProblem, 412: answerNothing, 416: answerText, 503: answerLater},
	},
}

// refusals are the answers of what a token opens, but for what it opens.
var refusals = map[int]string{
	400: answerProblem, 401: answerUnauthorized, 403: answerProblem, 429: answerLater, 503: answerLater,
}

func is(path string) func(string) bool { return func(p string) bool { return p == path } }

func below(prefix string) func(string) bool {
	return func(p string) bool { return strings.HasPrefix(p, prefix) }
}

// isPublic tells whether a path is open to all: everything but what names streams.
func isPublic(path string) bool {
	for i := range routes {
		if routes[i].has(path) {
			return routes[i].public
		}
	}
	return !strings.HasPrefix(path, httpapi.Prefix)
}

func (p *Proxy) servePage(w http.ResponseWriter, r *http.Request) {
	if !web.Serve(w, r, r.URL.EscapedPath()) {
		p.notFound(w, r)
	}
}

func (p *Proxy) serveDescription(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", jsonType)
	_, _ = w.Write(p.described) // a peer that is gone needs no answer
}
