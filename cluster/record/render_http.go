package record

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sluice/cluster/jsonscan"
)

// http takes requests and responses from the fields, and keeps them for the
// details as HTTP text. Their other members stay as fields, "req.remoteAddress".
func (p *printer) http(fields *[]Field) {
	if id := find(*fields, "req_id"); id != nil {
		if s := jsonscan.Text(id); truthy(id) {
			p.extra("req_id")
			p.extras = appendSafe(p.extras, s, true)
		}
		*fields = without(*fields, "req_id")
	}
	for _, key := range [...]string{"req", "client_req"} {
		if v := find(*fields, key); isObject(v) && (textAt(v, "method") != "" || textAt(v, "url") != "") {
			*fields = without(*fields, key)
			p.detail(requestText(v))
			*fields = appendMembers(*fields, key+".", v, "method", "url", "httpVersion", "headers", "body")
		}
	}
	for _, key := range [...]string{"res", "client_res"} {
		if v := find(*fields, key); isObject(v) {
			*fields = without(*fields, key)
			text, used := responseText(v)
			if text != "" {
				p.detail(text)
			}
			*fields = appendMembers(*fields, key+".", v, used...)
		}
	}
}

func requestText(req []byte) string {
	var b strings.Builder
	b.WriteString(orElse(textAt(req, "method"), "?"))
	b.WriteByte(' ')
	b.WriteString(orElse(textAt(req, "url"), "?"))
	b.WriteString(" HTTP/")
	b.WriteString(orElse(textAt(req, "httpVersion"), "1.1"))
	if h := jsonscan.Find(req, "headers"); truthy(h) {
		b.WriteByte('\n')
		b.WriteString(headersText(h))
	}
	if body := jsonscan.Find(req, "body"); truthy(body) {
		b.WriteString("\n\n")
		b.WriteString(bodyText(body))
	}
	return b.String()
}

// responseText returns a response as HTTP text, and the members it is made of.
func responseText(res []byte) (text string, used []string) {
	used = []string{"statusCode", "body", "trailer", "header"}
	headers := jsonscan.Find(res, "header")
	if !truthy(headers) {
		headers = jsonscan.Find(res, "headers")
		used = append(used, "headers")
	}
	var head string
	if headers != nil {
		head = headersText(headers)
		if headers[0] == '"' {
			head = strings.TrimRight(head, " \t\r\n")
		}
	}
	var b strings.Builder
	if status := textAt(res, "statusCode"); status != "" && !strings.HasPrefix(head, "HTTP/") {
		b.WriteString("HTTP/1.1 ")
		b.WriteString(status)
		if n, err := strconv.Atoi(status); err == nil && http.StatusText(n) != "" {
			b.WriteByte(' ')
			b.WriteString(http.StatusText(n))
		}
		b.WriteByte('\n')
	}
	b.WriteString(head)
	text = b.String()
	if body := jsonscan.Find(res, "body"); body != nil {
		if s := bodyText(body); s != "" {
			text += "\n\n" + s
		}
	} else {
		text = strings.TrimRight(text, " \t\r\n")
	}
	if trailer := jsonscan.Find(res, "trailer"); truthy(trailer) {
		text += "\n" + jsonscan.Text(trailer)
	}
	return text, used
}

// headersText writes headers, which are a text or an object, as lines.
func headersText(headers []byte) string {
	if !isObject(headers) {
		return jsonscan.Text(headers)
	}
	var b strings.Builder
	for key, value := range jsonscan.Members(headers) {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(jsonscan.Decode(key))
		b.WriteString(": ")
		b.WriteString(jsonscan.Text(value))
	}
	return b.String()
}

func bodyText(body []byte) string {
	if body[0] == '{' || body[0] == '[' {
		return string(appendIndented(nil, body, ""))
	}
	return jsonscan.Text(body)
}

// truthy reports whether JavaScript would take a value for true. nil is not.
func truthy(value []byte) bool {
	switch string(value) {
	case "", `""`, "null", "false", "0":
		return false
	}
	return true
}

func isObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// textAt returns a member of an object as text; empty when there is none.
func textAt(object []byte, key string) string {
	if !isObject(object) {
		return ""
	}
	v := jsonscan.Find(object, key)
	if v == nil {
		return ""
	}
	return jsonscan.Text(v)
}

// find returns the value of a field, or nil.
func find(fields []Field, key string) []byte {
	for i := range fields {
		if fields[i].Key == key {
			return fields[i].Value
		}
	}
	return nil
}

// without returns the fields but one.
func without(fields []Field, key string) []Field {
	return slices.DeleteFunc(fields, func(f Field) bool { return f.Key == key })
}

// appendMembers appends the members of an object as fields, but those named,
// and leaves out those that stand a second time.
func appendMembers(fields []Field, prefix string, object []byte, but ...string) []Field {
	var seen set
	first := len(fields)
	for key, value := range jsonscan.Members(object) {
		k := jsonscan.Decode(key)
		if slices.Contains(but, k) {
			continue
		}
		if i := seen.find(fields[first:], prefix+k); i >= 0 {
			fields[first+i].Value = value
			continue
		}
		fields = append(fields, Field{Key: prefix + k, Value: value})
	}
	return fields
}
