package tui

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
)

// known writes a field that has a form of its own: a request or response as
// HTTP text, an error with its stack as lines. It reports whether it did.
func (p *page) known(f record.Field) bool {
	switch f.Key {
	case "req", "client_req":
		return p.request(f)
	case "res", "client_res":
		return p.response(f)
	case "err":
		return p.error(f)
	}
	return false
}

func (p *page) request(f record.Field) bool {
	var req struct {
		Method, URL string
		HTTPVersion string
		Headers     json.RawMessage
		Body        json.RawMessage
	}
	if json.Unmarshal(f.Value, &req) != nil || req.Method == "" {
		return false
	}
	if req.HTTPVersion == "" {
		req.HTTPVersion = "1.1"
	}
	p.section("Request")
	p.field = &field{name: f.Key + ".url", value: req.URL}
	p.text(p.scene.theme.text, req.Method+" "+req.URL+" HTTP/"+req.HTTPVersion)
	p.headers(f.Key+".headers", req.Headers)
	p.httpBody(f.Key+".body", req.Body)
	p.others(f.Key, f.Value, "method", "url", "httpVersion", "headers", "body")
	return true
}

func (p *page) response(f record.Field) bool {
	var res struct {
		StatusCode int
		Header     json.RawMessage
		Headers    json.RawMessage
		Body       json.RawMessage
	}
	if json.Unmarshal(f.Value, &res) != nil || res.StatusCode == 0 {
		return false
	}
	p.section("Response")
	st := p.scene.theme.text
	if res.StatusCode >= 500 {
		st = p.scene.theme.err
	}
	p.field = &field{name: f.Key + ".statusCode", value: strconv.Itoa(res.StatusCode)}
	p.text(st, strings.TrimSpace("HTTP/1.1 "+strconv.Itoa(res.StatusCode)+" "+http.StatusText(res.StatusCode)))
	p.headers(f.Key+".header", res.Header)
	p.headers(f.Key+".headers", res.Headers)
	p.httpBody(f.Key+".body", res.Body)
	p.others(f.Key, f.Value, "statusCode", "header", "headers", "body")
	return true
}

func (p *page) error(f record.Field) bool {
	var e struct{ Name, Message, Stack string }
	if json.Unmarshal(f.Value, &e) != nil || e.Message == "" && e.Stack == "" {
		return false
	}
	p.section("Error")
	text := e.Stack
	if text == "" {
		text = strings.TrimPrefix(e.Name+": "+e.Message, ": ")
	}
	st := p.scene.theme.err
	p.field = &field{name: f.Key + ".message", value: e.Message}
	stack := &field{name: f.Key + ".stack", value: e.Stack, fixed: true}
	for line := range strings.SplitSeq(text, "\n") {
		p.text(st, line)
		st, p.field = p.scene.theme.dim, stack
	}
	p.field = nil
	p.others(f.Key, f.Value, "name", "message", "stack")
	return true
}

// headers writes headers, an object or a text, as lines.
func (p *page) headers(name string, raw json.RawMessage) {
	defer func() { p.field = nil }()
	if jsonscan.IsString(raw) {
		text := jsonscan.Text(raw)
		p.field = &field{name: name, value: text}
		for line := range strings.SplitSeq(strings.TrimRight(text, "\r\n"), "\n") {
			if line != "" && !strings.HasPrefix(line, "HTTP/") { // that line is there already
				p.text(p.scene.theme.dim, line)
			}
		}
		return
	}
	for k, v := range jsonscan.Members(raw) {
		key, text := jsonscan.Decode(k), jsonscan.Text(v)
		p.field = &field{name: name + "." + key, value: text}
		p.parts(3, []part{{p.scene.theme.key, record.Safe(key) + ": "}, {p.scene.theme.dim, record.Safe(text)}})
	}
}

func (p *page) httpBody(name string, raw json.RawMessage) {
	if len(raw) == 0 || string(raw) == "null" || string(raw) == `""` {
		return
	}
	p.blank()
	if raw[0] == '"' {
		p.field = &field{name: name, value: jsonscan.Text(raw)}
		defer func() { p.field = nil }()
		for line := range strings.SplitSeq(jsonscan.Text(raw), "\n") {
			p.text(p.scene.theme.text, line)
		}
		return
	}
	p.json("", name, raw)
}

// others writes the members of an object but for some.
func (p *page) others(name string, raw json.RawMessage, but ...string) {
	for k, value := range jsonscan.Members(raw) {
		if key := jsonscan.Decode(k); !slices.Contains(but, key) {
			p.json(key, name+"."+key, value)
		}
	}
}
