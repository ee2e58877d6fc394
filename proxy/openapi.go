package proxy

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/version"
)

// The tags of operations.
const (
	tagStreams     = "streams"
	tagHealth      = "health"
	tagPage        = "page"
	tagDescription = "description"
)

// The answers, by their names.
const (
	answerTail         = "Tail"
	answerList         = "List"
	answerText         = "Text"
	answerHTML         = "HTML"
	answerFile         = "File"
	answerNothing      = "Nothing"
	answerDescription  = "Description"
	answerProblem      = "Problem"
	answerUnauthorized = "Unauthorized"
	answerLater        = "Later"
	answerTooLarge     = "TooLarge"
	answerPreflight    = "Preflight"
)

const aboutProxy = `Each stream is one response that does not end: server-sent events for those who accept text/event-stream, one JSON record a line for everybody else.

Lengths are meant in bytes of UTF-8. A query parameter that is not described is refused, with the likely one, where any is described; elsewhere it means nothing. Methods that are not described are refused by 405. A request whose headers, with its path and query, have more than 64 KiB gets 431. A proxy that has as many connections as it serves answers 503, but for /healthz and /readyz.

Without keys the proxy wants no token, and serves requests alone that were sent to a name of its own machine.`

const aboutTail = `Events: one without a name is a record, others have the data Dropped, Source, Repeats and End by their names; ping has none. Every event that marks progress has an id, to be sent back as Last-Event-ID. Lines: a record each; a loss, and the end, is a record with the field sluice. With stream=, each record is a Wrapped one, in both forms.`

// description is the OpenAPI description of all routes, as JSON.
func description() []byte {
	paths := object{}
	for i := range routes {
		paths[routes[i].path] = routes[i].described()
	}
	b, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Sluice proxy", "summary": "Live streams of log records.", "version": version.Get().Version, "description": aboutProxy,
		},
		// Wherever it was got from: there may be a reverse proxy, and a path, before it.
		"servers":  []object{{"url": ".."}},
		"security": []object{{"bearer": []string{}}, {"key": []string{}}, {}},
		"tags": []object{
			{"name": tagStreams, "description": "What the token opens."},
			{"name": tagHealth, "description": "For load balancers."},
			{"name": tagPage, "description": "For people with a browser."},
			{"name": tagDescription, "description": "For programs."},
		},
		"paths":      paths,
		"components": components(),
	}, "", "  ")
	if err != nil {
		panic(err) // texts and numbers always have a form
	}
	return append(b, '\n')
}

// described is the route as a path item.
func (r *route) described() object {
	item := object{"summary": r.summary}
	var list []object
	for _, p := range r.parameters {
		if p.name != httpapi.QueryKey {
			list = append(list, p.described())
		}
	}
	if list != nil {
		item["parameters"] = list
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		answers, name, summary := object{}, r.operation, r.summary
		add := func(status int, answer string) {
			answers[strconv.Itoa(status)] = object{"$ref": "#/components/responses/" + answer}
		}
		add(http.StatusRequestHeaderFieldsTooLarge, answerTooLarge)
		if method == http.MethodOptions {
			name, summary = name+"Preflight", "What browsers ask before a page of another origin may: answered to those that --cors names."
			add(http.StatusNoContent, answerPreflight)
			add(http.StatusForbidden, answerProblem)
			add(http.StatusMethodNotAllowed, answerProblem)
			if !isHealth(r.path) {
				add(http.StatusServiceUnavailable, answerLater)
			}
			if !r.public {
				add(http.StatusUnauthorized, answerUnauthorized)
			}
		} else {
			if method == http.MethodHead {
				name, summary = name+"Head", "The head of that, without a body."
			}
			for status, answer := range r.answers {
				add(status, answer)
			}
		}
		operation := object{"operationId": name, "tags": []string{r.tag}, "summary": summary, "responses": answers}
		if r.public {
			operation["security"] = []object{}
		}
		item[strings.ToLower(method)] = operation
	}
	return item
}

// described is the parameter as OpenAPI has it.
func (p *parameter) described() object {
	o := object{"name": p.name, "in": p.in, "description": p.about, "schema": p.value}
	switch p.in {
	case "":
		o["in"] = "query"
	case inPath:
		o["required"] = true
	}
	if p.required {
		o["required"] = true
	}
	if p.repeat > 0 {
		o["schema"] = object{"type": "array", "items": p.value, "maxItems": p.repeat}
	}
	if p.empty {
		o["allowEmptyValue"] = true
	}
	return o
}

// with is a copy of answers with one more.
func with(answers map[int]string, status int, answer string) map[int]string {
	out := map[int]string{status: answer}
	for s, a := range answers {
		out[s] = a
	}
	return out
}

func components() object {
	body := func(kind string, schema object) object { return object{kind: object{"schema": schema}} }
	errors := object{
		"application/problem+json": object{"schema": reference("Problem")},
		httpapi.TypeEvents:         object{"schema": object{"type": "string", "description": "For those who accept events: one whose data is a Message."}},
	}
	header := func(about string, schema object) object {
		return object{"description": about, "schema": schema}
	}
	anyText := object{"type": "string"}
	return object{
		"securitySchemes": object{
			"bearer": object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Or what a trusted proxy says by its headers, with --auth-header."},
			"key":    object{"type": "apiKey", "in": "query", "name": httpapi.QueryKey, "description": "The same token, for those who cannot send headers."},
		},
		"responses": object{
			answerTail: object{"description": aboutTail, "content": object{
				httpapi.TypeEvents: object{"schema": anyText},
				"text/plain":       object{"schema": anyText},
			}},
			answerList: object{
				"description": "The list; with watch, and without events, one object a line: Streams, or with watch=changes Changes. Events have these as their data; and End, by its name, and ping.",
				"content": object{
					jsonType:           object{"schema": object{"anyOf": []object{reference("Streams"), reference("Changes")}}},
					httpapi.TypeEvents: object{"schema": anyText},
				},
			},
			answerText:        object{"description": "For people.", "content": body("text/plain", anyText)},
			answerHTML:        object{"description": "The page, or the range of it that was asked for.", "content": body("text/html", anyText)},
			answerFile:        object{"description": "The part, or the range of it that was asked for.", "content": body("*/*", anyText)},
			answerNothing:     object{"description": "What the client has is what there is, or is not: by the conditions that it sent."},
			answerDescription: object{"description": "OpenAPI.", "content": body(jsonType, object{"type": "object"})},
			answerPreflight:   object{"description": "The page may ask."},
			answerProblem:     object{"description": "Refused, and why.", "content": errors},
			answerTooLarge:    object{"description": "Headers, path and query are too large.", "content": body("text/plain", anyText)},
			answerUnauthorized: object{
				"description": "There is no token, or a bad one.", "content": errors,
				"headers": object{"WWW-Authenticate": header("What is wrong with the token.", anyText)},
			},
			answerLater: object{
				"description": "There are too many, or the proxy is shutting down.", "content": errors,
				"headers": object{"Retry-After": header("Seconds until it is worth asking again.", object{"type": "integer", "minimum": 1})},
			},
		},
		"schemas": object{
			"Problem": schemaOf(reflect.TypeFor[problem](), "RFC 9457."),
			"Message": schemaOf(reflect.TypeFor[message](), "What old clients print."),
			"Wrapped": object{
				"type": "object", "description": "A record with its stream.", "required": []string{"stream", "record"},
				"properties": object{"stream": anyText, "record": object{"type": "object"}},
			},
			"Dropped": dropped,
			"Source":  schemaOf(reflect.TypeFor[httpapi.SourceEvent](), "A consolidator, at the start and whenever its state changes."),
			"Repeats": schemaOf(reflect.TypeFor[httpapi.RepeatsEvent](), "What follows may hold records that came before."),
			"End":     schemaOf(reflect.TypeFor[httpapi.EndEvent](), "The proxy ends this response on purpose; with again, ask again at once."),
			"Streams": schemaOf(reflect.TypeFor[httpapi.StreamsEvent](), "The live streams, sorted by name."),
			"Changes": schemaOf(reflect.TypeFor[httpapi.ChangesEvent](), "What has changed in the list of live streams."),
		},
	}
}

// dropped is the schema of a loss, as package loss writes it.
var dropped = object{
	"type": "object", "description": "Records that were published and are not coming.",
	"required": []string{"stream", "count", "total", "since", "hop", "reason"},
	"properties": object{
		"stream":       object{"type": "string"},
		"count":        object{"type": "integer", "minimum": 0, "description": "So many at least."},
		"unknown":      object{"type": "boolean", "description": "And a number that nobody knows."},
		"total":        object{"type": "integer", "minimum": 0, "description": "Lost so far: with the hop proxy by this response, otherwise by the stream at this proxy."},
		"since":        object{"type": "string", "format": "date-time", "description": "Nothing was lost before."},
		"hop":          object{"type": "string", "enum": []string{loss.AtConsolidator, loss.AtProxy, loss.AtNetwork}},
		"reason":       object{"type": "string", "description": "For people."},
		"consolidator": object{"type": "string"},
		"epoch":        object{"type": "string", "description": "With next: where the records of the consolidator go on, in base 36."},
		"next":         object{"type": "integer", "minimum": 0},
		"positions":    object{"type": "string", "description": "Where all consolidators go on, as in Sluice-Positions, for those who sent it."},
	},
}

func reference(schema string) object { return object{"$ref": "#/components/schemas/" + schema} }

// schemaOf is the schema of a struct as encoding/json writes it.
func schemaOf(t reflect.Type, about string) object {
	properties, required := object{}, []string{}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		properties[name] = valueOf(f.Type)
		if !strings.Contains(options, "omitempty") {
			required = append(required, name)
		}
	}
	o := object{"type": "object", "properties": properties, "required": required}
	if about != "" {
		o["description"] = about
	}
	return o
}

func valueOf(t reflect.Type) object {
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number", "minimum": 0}
	case reflect.Int, reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Slice:
		return object{"type": "array", "items": valueOf(t.Elem())}
	case reflect.Struct:
		return schemaOf(t, "")
	}
	panic("there is no schema of " + t.String())
}
