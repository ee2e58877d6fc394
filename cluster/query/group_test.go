package query_test

import (
	"testing"

	"sluice/cluster/query"
)

const grouped = `{"level":50,"msg":"request timed out (again)","tenant":"acme","status":502,"latency":1500,"took":"1m30s","elapsed_us":2500,` +
	`"size":12000000,"body":"3 MiB","responseTimeNs":5000000,"cached":true,"word":"or","f":"init()"}`

// Terms are joined by and, or and not, and grouped; sets are alternatives.
func TestGroups(t *testing.T) {
	for text, want := range map[string]bool{
		"tenant=acme or tenant=globex": true, "tenant=globex|tenant=acme": true, "tenant=globex | tenant=initech": false,
		"tenant=globex or status=502 timed": true, "tenant=globex or status=503 timed": false, // and binds closer
		"(tenant=globex or status=502) timed": true, "(tenant=globex or status=502) -timed": false,
		"tenant=acme and status=502": true, "tenant=acme AND NOT status=502": false, "not tenant=globex": true, "not not tenant=acme": true, "not -tenant=acme": true,
		"-(tenant=acme status=503)": true, "!(tenant=acme | status=503)": false, "not (tenant=globex or status=503)": true,
		"((tenant=acme))": true, "(tenant=acme)": true, "(timed)(out)": false,
		"status in (502,503)": true, "status in (500, 501)": false, "status not in (500 501)": true, "not status in (502)": false, `tenant in ("acme", globex)`: true, "level in (warn,error)": true, "tenant IN (acme)": true,
		"missing in (1)": false, "missing not in (1)": true,
		"again)": true, "init()": true, "(init() or x=1) tenant=acme": true, `"or"`: true, "order": false, "-notthere": true, "msg~(timed|out)": true, "(msg~(in|out) a)": true, "/(timed|in)/": true, "(/ti.ed/ | x)": true,
	} {
		terms, err := query.Parse(text)
		if err != nil {
			if text != "(timed)(out)" {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if got := matches(terms, grouped); got != want {
			t.Errorf("%s matches is %v", text, got)
		}
	}
}

// Values with units compare as what they are: fields with a unit, those whose name says
// it, and plain numbers as milliseconds or bytes.
func TestUnits(t *testing.T) {
	for text, want := range map[string]bool{
		"latency>1s": true, "latency<2s": true, "latency=1.5s": true, "latency>=1500ms": true, "latency>1m": false,
		"took>80s": true, "took=90s": true, "took<1h": true, "took>2m": false, "elapsed_us<3ms": true, "elapsed_us>2ms": true, "responseTimeNs=5ms": true,
		"size>10MB": true, "size<0.5GB": true, "size=12M": true, "body>3MB": true, "body=3MiB": true, "body<3MB": false,
		"took>10MB": false, "took!=10MB": true, "msg>1s": false, "cached>1s": false, "missing<5s": false, "status=5xx": false, `took="1m30s"`: true,
		"latency in (1s, 1.5s)": true,
	} {
		terms, err := query.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := matches(terms, grouped); got != want {
			t.Errorf("%s matches is %v", text, got)
		}
	}
}

// A filter of alternatives is one term, which can stand beside others.
func TestAlternativesAreOneTerm(t *testing.T) {
	terms, err := query.Parse(" a or b ")
	if err != nil || len(terms) != 1 || terms[0].Text != "(a | b)" || len(terms[0].Any) != 2 {
		t.Errorf("a or b is %+v, %v", terms, err)
	}
	terms, err = query.Parse("(a | b) c status in (1, 2)")
	if err != nil || len(terms) != 3 || terms[0].Text != "(a | b)" || terms[2].Text != "status in (1, 2)" || terms[2].Word != `status"` {
		t.Errorf("it is %+v, %v", terms, err)
	}
}
