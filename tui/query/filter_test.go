package query_test

import (
	"slices"
	"strings"
	"testing"

	"sluice/tui/query"
)

func parse(text string) (query.Filter, error) {
	terms, err := query.Parse(text)
	return query.Filter{}.WithTerms(terms), err
}

func TestFilterOfRows(t *testing.T) {
	const data = `{"name":"web","hostname":"vm-9","level":40,"msg":"request timed out after 30s","tenant":"acme","status":503,"q":"a\"b"}`
	for text, want := range map[string]bool{
		"": true, "timed": true, "Timed": false, "TIMED": false, "nothing": false, `"timed out"`: true, `"timed  out"`: false,
		"-timed": false, "!timed": false, "-nothing": true, "/timed? (out|in)/": true, "/^timed/": false, "-/^timed/": true, "after/30s": false,
		"vm-1": true, "vm-9": false, // as the row shows: the source, and not the host
		"tenant=acme": true, "tenant=Acme": false, "-tenant=acme": false, "missing=1": false, "missing!=1": true, `q="a\"b"`: true,
		"level>=warn": true, "level=warning": true, "level<warn": false, "source=vm-1": true, "source~vm": true, "stream=tenant/acme": true,
		"tenant=acme status>=500": true, "tenant=acme status<500": false, "timed -nothing level>=warn": true,
	} {
		f, err := parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for _, trust := range []bool{true, false} {
			if got := f.Match(rowOf([]byte(data), trust)); got != want {
				t.Errorf("%s matches is %v with trust %v, want %v", text, got, trust, want)
			}
		}
	}
}

// Another logger's record is found by what its row shows, and by bunyan's names; one
// whose level is not understood is not hidden.
func TestFilterOfOtherLoggersRows(t *testing.T) {
	const zap = `{"level":"error","ts":1772366400.5,"logger":"http","msg":"timed out"}`
	const ecs = `{"@timestamp":"2026-03-01T12:00:00Z","log.level":"ERROR","message":"timed out","log.logger":"http"}`
	const docker = `{"log":"{\"level\":\"error\",\"msg\":\"\\u0074imed out\",\"logger\":\"http\",\"status\":503}\n","stream":"stderr","time":"2026-03-01T12:00:00Z"}`
	const journal = `{"PRIORITY":"3","MESSAGE":[116,105,109,101,100,32,111,117,116],"SYSLOG_IDENTIFIER":"http"}`
	for _, data := range []string{zap, ecs, docker, journal} {
		for text, want := range map[string]bool{
			"timed": true, `msg="timed out"`: true, "msg~^timed": true, "msg=timed": false, "name=http": true, "level>=error": true, "level=warn": false, "-timed": false,
		} {
			f, err := parse(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, trust := range []bool{true, false} {
				if got := f.Match(rowOf([]byte(data), trust)); got != want {
					t.Errorf("%s matches %s is %v with trust %v", text, data, got, trust)
				}
			}
		}
	}
	for text, want := range map[string]bool{"status>=500": true, "status=404": false, "-status=503": false, "logger=http": true} {
		f, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, trust := range []bool{true, false} {
			if got := f.Match(rowOf([]byte(docker), trust)); got != want {
				t.Errorf("%s matches what a container printed is %v with trust %v", text, got, trust)
			}
		}
	}
	unknown := rowOf([]byte(`{"level":"BOOM","msg":"x"}`), true)
	if f := (query.Filter{Level: 50}); !f.Match(unknown) || unknown.Entry.IsError() {
		t.Error("a level that is not understood is hidden, or counts as an error")
	}
	if f := (query.Filter{Level: 50}); f.Match(rowOf([]byte(`{"msg":"x"}`), true)) {
		t.Error("no level passes as an error")
	}
}

func TestFilterChips(t *testing.T) {
	f, err := parse("  tenant=acme\t-health  \"a b\" tenant=acme ")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"tenant=acme", "-health", `"a b"`}; !slices.Equal(f.Chips(), want) || f.Text() != strings.Join(want, " ") {
		t.Errorf("the chips are %q and the text is %q, want %q", f.Chips(), f.Text(), want)
	}
}

// What parses is understood again as it is shown, and no fast path changes
// what a filter finds.
func FuzzFilter(f *testing.F) {
	f.Add(`tenant=acme status>=500 -"a b" /x+/`, []byte(`{"tenant":"acme","status":503,"msg":"a b xx"}`))
	f.Add(`req.url~^/api level>warn !k`, []byte("{\"level\":50,\"req\":{\"url\":\"/api\"},\"msg\":\"\\u004b \u212a\"}"))
	f.Add(`a="" b!="\"" c<1e3`, []byte(`{"a":"","b":"\"","c":[1,"2",{"d":3}]}`))
	f.Add(`msg="a b" name=x -hostname=y`, []byte(`{"message":"a b","logger":"x","severity":3}`))
	f.Add(`msg~\u0041 level>=error`, []byte(`{"log":"{\"msg\":\"\\u0041\"}\n","stream":"stderr","time":"2026-03-01T12:00:00Z"}`))
	for _, data := range []string{
		`{"tenant":"acme","tenant":"b"}`, `{"tenant": "acme"}`, `{"a":{"tenant":"acme"}}`, `{"tenant":"acme","a":{"tenant":"b"}}`, `{"tenant":{"tenant":"acme"}}`,
		`{"msg":"{","tenant":"acme"}`, `{"msg":"\"tenant\":\"acme\""}`, `{"tenant":["acme","b"]}`, `{"tenant":"ac\"me"}`, `{"tenant":"\u0061cme"}`, `{"tenant":"acme`,
		`{"tenant":12,"a":1}`, `{"tenant":12e1}`, `{"tenant":-12 }`, `{"tenant":true}`, `{"x" "tenant":"acme"}`, `{"tenant":1,2}`,
	} {
		for _, text := range []string{"tenant=acme", "-tenant=acme", "tenant=12", "tenant>=12", "tenant~ac", "tenant=true"} {
			f.Add(text, []byte(data))
		}
	}
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		if len(text) > 256 {
			return
		}
		filter, err := parse(text)
		if err != nil {
			return
		}
		again, err := parse(filter.Text())
		if err != nil || !slices.Equal(again.Chips(), filter.Chips()) {
			t.Fatalf("%q is %q, and then %q, %v", text, filter.Chips(), again.Chips(), err)
		}
		if fast, slow := filter.Match(rowOf(data, true)), filter.Match(rowOf(data, false)); fast != slow {
			t.Fatalf("%q in %q: the fast path says %v, the slow one %v", text, data, fast, slow)
		}
	})
}
