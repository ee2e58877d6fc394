package query_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sluice/cluster/query"
	"sluice/cluster/record"
)

// matches tests the comparisons of a filter.
func matches(terms []query.Term, data string) bool {
	r := query.Record{Data: []byte(data), Level: record.Peek([]byte(data)).Level, Source: "vm-1", Stream: "tenant/acme"}
	for i := range terms {
		if !terms[i].MatchRaw(&r) {
			return false
		}
	}
	return true
}

func TestComparisons(t *testing.T) {
	const data = `{"name":"web","hostname":"vm-9","level":40,"msg":"request timed out after 30s","tenant":"acme","status":503,` +
		`"ms":12.5,"ok":false,"none":null,"size":"1200","at":"2026-03-04T12:00:00Z","tags":["a","blue"],"req":{"method":"GET","url":"/api/run?x=1","headers":{"x.id":"7"}},"q":"a\"b"}`
	for text, want := range map[string]bool{
		"": true, "tenant=acme": true, "tenant=Acme": false, "tenant=acm": false, "tenant!=acme": false, "tenant!=globex": true, "-tenant=acme": false, "!tenant!=acme": true,
		"missing=1": false, "missing!=1": true, "missing<1": false, "-missing<1": true,
		"status=503": true, "status=503.0": true, "status=5.03e2": true, "status>=500": true, "status>503": false, "status<=503": true, "status<503": false, "status!=503": false,
		"status>=1000": false, "status~^5": true, "status!~^5": false, "status~^4": false, `status="503"`: true,
		"ms>12": true, "ms<13": true, "ms=12.5": true, "size>999": true, "size<1300": true, "tenant>5": false, "tenant<5": false,
		"ok=false": true, "none=null": true, "at>=2026-03-04T11": true, "at<2026-03-04T11": false,
		"tags=blue": true, "tags=green": false, "tags!=blue": false, "tags~^b": true,
		"req.method=GET": true, "req.method=get": false, "req.method~get": true, "req.url~^/api/": true, "req.headers.x.id=7": true, "req.missing=1": false, "method=GET": false,
		`q="a\"b"`: true, `msg="request timed out after 30s"`: true, "msg~out": true,
		"level=warn": true, "level=warning": true, "level>=warn": true, "level>warn": false, "level<error": true, "level!=info": true, "level=40": true, "level~^wa": true,
		"source=vm-1": true, "source~vm": true, "stream=tenant/acme": true, "stream!=tenant/acme": false,
		"tenant=acme status>=500": true, "tenant=acme status<500": false,
	} {
		terms, err := query.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := matches(terms, data); got != want {
			t.Errorf("%s matches is %v", text, got)
		}
	}
	if terms, err := query.Parse("level<=info"); err != nil || !matches(terms, `{"msg":"no level"}`) {
		t.Errorf("a record without a level does not count as info: %v", err)
	}
}

// What another logger calls otherwise is found by bunyan's names, and a level that
// nobody understands is not hidden by a term that asks for a level and above.
func TestComparisonsOfOtherLoggers(t *testing.T) {
	const zap = `{"severity":"ERROR","ts":1772366400.5,"logger":"http","message":"timed out"}`
	const unknown = `{"level":"BOOM","msg":"x"}`
	const printed = `{"log":"{\"severity\":\"ERROR\",\"message\":\"timed out\",\"status\":503,\"req\":{\"user\":\"a \\\"b\\\"\"},\"stream\":\"x\"}\n","stream":"stderr","time":"2026-03-01T12:00:00Z"}`
	for _, c := range []struct {
		text, data string
		want       bool
	}{
		{"level=error", zap, true},
		{"level<error", zap, false},
		{`msg="timed out"`, zap, true},
		{"msg~out$", zap, true},
		{"-msg~out$", zap, false},
		{"name=http", zap, true},
		{"name!=http", zap, false},
		{"time>=2026-03-01T12:00:00.4", zap, true},
		{"msg~boom", "<3>boom", true},
		{"level=error", "<3>boom", true},
		{"hostname=x", zap, false},
		{"level>=fatal", unknown, true},
		{"level>info", unknown, true},
		{"-level>=fatal", unknown, true},
		{"level=error", unknown, false},
		{"level!=error", unknown, true},
		{"level<error", unknown, false},
		{"level=unknown", unknown, true},
		{"level!=unknown", unknown, false},
		{"level=unknown", zap, false},
		{"level>=err", zap, true},
		{"status>=500", printed, true},
		{"status<500", printed, false},
		{`req.user="a \"b\""`, printed, true},
		{"user=a", printed, false},
		{"level=error msg=\"timed out\"", printed, true},
		{"stream=stderr", printed, true},
		{"status=503", `{"log":"{\"status\":503}","msg":"nobody printed it"}`, false},
		{"status=503", `{"log":"status=503","stream":"stderr"}`, false},
	} {
		terms, err := query.Parse(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if got := matches(terms, c.data); got != c.want {
			t.Errorf("%s matches %s is %v", c.text, c.data, got)
		}
	}
}

// The term says which of its parts is what.
func TestTerms(t *testing.T) {
	for text, want := range map[string]query.Term{
		"-health":                 {Not: true, Pattern: query.NewText("health")},
		"/a+/":                    {Pattern: query.NewPattern("a+")},
		"/api/run":                {Pattern: query.NewText("/api/run")},
		`"a = b"`:                 {Pattern: query.NewText("a = b")},
		"tenant=acme":             {Field: "tenant", Word: "acme"},
		"tenant!=acme-production": {Not: true, Field: "tenant", Word: "acme-production"},
		"req.method~get":          {Field: "req.method", Word: `method"`},
		"status=123456789":        {Field: "status", Word: `status"`}, // numbers have many forms
		"source=vm-1":             {Field: "source", Word: "vm-1"},
		"source=vm":               {Field: "source", Word: `source"`}, // two letters are everywhere
		"level=warning":           {Field: "level"},                   // the word need not be there
		"é=":                      {},
	} {
		terms, err := query.Parse(text)
		if want.Field == "" && want.Pattern == nil {
			if err == nil {
				t.Errorf("%s is understood", text)
			}
			continue
		}
		if err != nil || len(terms) != 1 {
			t.Errorf("%s: %v, %v", text, terms, err)
			continue
		}
		got := terms[0]
		if got.Text != text || got.Not != want.Not || got.Field != want.Field || got.Word != want.Word || (got.Pattern == nil) != (want.Pattern == nil) ||
			got.Pattern != nil && got.Pattern.Regexp.String() != want.Pattern.Regexp.String() {
			t.Errorf("%s is %+v", text, got)
		}
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]struct {
		at   int
		text string
	}{
		`"never closed`:   {0, `a closing " is missing`},
		`a -"`:            {3, `a closing " is missing`},
		`a ""`:            {2, "put a text between the quotes"},
		`ok //`:           {3, "put an expression between the slashes"},
		`ok /a(/`:         {3, "/a(/: missing closing )"},
		`tenant=`:         {7, "tenant= wants a value after it"},
		`a -tenant>= b`:   {11, "-tenant>= wants a value after it"},
		`x req.url~[`:     {10, "[: missing closing ]"},
		`level>=loud`:     {7, `"loud" is no level: trace, debug,`},
		`msg="a"b`:        {7, `a blank is wanted after msg="a"`},
		`"a"-b`:           {3, `a blank is wanted after "a"`},
		`a or`:            {4, "a term is wanted at the end"},
		`a |`:             {3, "a term is wanted at the end"},
		`or a`:            {0, `a term is wanted before or; write "or" to look for it`},
		`a and and b`:     {6, "a term is wanted before and"},
		`not`:             {0, "not wants a term after it"},
		`a not | b`:       {2, "not wants a term after it"},
		`(a b`:            {0, "a closing ) is missing"},
		`(a or (b)`:       {0, "a closing ) is missing"},
		`()`:              {0, "() is empty"},
		`(a |) b`:         {4, "a term is wanted before )"},
		`a || b`:          {2, "write one |"},
		`msg like ""`:     {9, "a template has words, or <*>"},
		`msg like "a`:     {9, `a closing " is missing`},
		`msg like "a"b`:   {12, `a blank is wanted after msg like "a"`},
		`a && b`:          {2, "write a blank, or and"},
		`status > 500`:    {7, "leave out the blanks around >, as in status>500"},
		`status in 5`:     {7, "a list after it"},
		`status in (`:     {10, "a closing ) is missing"},
		`status in ( , )`: {10, "() is empty: put values in it, as in status in (a, b)"},
		`status>=5x`:      {8, `x is no unit: ns us ms s m h d`},
		`latency_ms>10MB`: {11, "latency_ms is a time by its name, and 10MB is a size"},
		`sizeBytes<5s`:    {10, "sizeBytes is a size by its name, and 5s is a time"},
		strings.Repeat("(", 9) + "a" + strings.Repeat(")", 9): {8, "more than 8 groups in each other"},
		manyTerms(33) + "": {len(manyTerms(32)) + 1, "more than 32 terms"},
	} {
		_, err := query.Parse(text)
		var bad *query.Error
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want.text) || bad.At != want.at {
			t.Errorf("%s: %v, want %q at %d", text, err, want.text, want.at)
		}
	}
}

func manyTerms(n int) string {
	terms := make([]string, n)
	for i := range terms {
		terms[i] = fmt.Sprint("t", i)
	}
	return strings.Join(terms, " ")
}

// What parses is read again as the same, whatever the record, and a record that
// spells its words plainly and lacks the word of a term does not meet it.
func FuzzParse(f *testing.F) {
	f.Add(`tenant=acme status>=500 -"a b" /x+/`, `{"tenant":"acme","status":503,"msg":"a b xx"}`)
	f.Add(`req.url~^/api level>warn !k`, "{\"level\":50,\"req\":{\"url\":\"/api\"},\"msg\":\"\\u004b \u212a\"}")
	f.Add(`(a or b) and not (c | -d>5ms) e in (1, "x")`, `{"a":"x","d":"7ms","e":"x"}`)
	f.Add(`size>10MB|latency_s<1m30s not in (a`, `{"size":"11 MB","latency_s":20}`)
	f.Add(`msg like "took <*> \"ms\"" x not like "a 3"`, `{"msg":"took 3 \"ms\"","x":["a 4"]}`)
	f.Add(`0|0( a=( b~\( -(c)|d)`, `{}`)
	f.Add(`a="" b!="\"" c<1e3`, `{"a":"","b":"\"","c":[1,"2",{"d":3}]}`)
	f.Fuzz(func(t *testing.T, text, data string) {
		if len(text) > 256 {
			return
		}
		terms, err := query.Parse(text)
		if err != nil {
			var bad *query.Error
			if !errors.As(err, &bad) || bad.At < 0 || bad.At > len(text) {
				t.Fatalf("the error of %q is %v", text, err)
			}
			return
		}
		texts := make([]string, len(terms))
		for i := range terms {
			texts[i] = terms[i].String()
		}
		again, err := query.Parse(strings.Join(texts, " "))
		if err != nil || len(again) != len(terms) {
			t.Fatalf("%q is %q, and then %v, %v", text, texts, again, err)
		}
		r := query.Record{Data: []byte(data), Level: record.Peek([]byte(data)).Level, Source: "vm-1", Stream: "tenant/acme"}
		for i := range terms {
			if a, b := &terms[i], &again[i]; a.Text != b.Text || a.Not != b.Not || a.Field != b.Field || a.Word != b.Word {
				t.Fatalf("%q is %+v, and then %+v", text, a, b)
			}
			if p := terms[i].Pattern; p != nil {
				checkPattern(t, p, data)
				continue
			}
			got := terms[i].MatchRaw(&r)
			if again[i].MatchRaw(&r) != got {
				t.Fatalf("%q matches %q only at the first reading", texts[i], data)
			}
			if query.Plain(r.Data) && !strings.Contains(data, terms[i].Word) && !terms[i].OfOrigin() && got != terms[i].Not {
				t.Fatalf("%q is met by %q without %q", texts[i], data, terms[i].Word)
			}
		}
	})
}

// checkPattern holds what a pattern says of its matches to a text that has
// nothing in it which could be spelled otherwise.
func checkPattern(t *testing.T, p *query.Pattern, text string) {
	if !query.Plain([]byte(text)) {
		return
	}
	fold := func(s string) string {
		if p.Fold {
			return strings.ToLower(s)
		}
		return s
	}
	match := p.Regexp.MatchString(text)
	for _, w := range p.Words {
		if match && !strings.Contains(fold(text), fold(w)) {
			t.Fatalf("%q is in %q without %q", p.Source, text, w)
		}
	}
	if p.Text != "" && match != strings.Contains(fold(text), fold(p.Text)) {
		t.Fatalf("%q matches %q: %v; as a text it is another answer", p.Source, text, match)
	}
}
