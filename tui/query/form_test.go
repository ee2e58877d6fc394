package query_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sluice/internal/wait"
	"sluice/tui/query"
	"sluice/tui/rows"
)

// slowly is what passes a probe when nothing is known of the other records, nor of their words.
func (s *store) slowly(p query.Probe) (numbers []uint64) {
	passes := make(map[string]bool) // by the data
	for n := s.First(); n < s.Next(); n++ {
		e := *s.Entry(n)
		e.Plain = false
		data := s.Data(&e)
		is, known := passes[string(data)]
		if !known {
			is = p.Test(&query.Row{Entry: &e, Data: data, Names: s.Names()})
			passes[string(data)] = is
		}
		if is {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// alike are records that have much in common, and differ in what matters.
var alike = []string{
	`{"v":0,"name":"a","hostname":"h","pid":1,"level":30,"time":"2026-03-04T12:00:00.000Z","msg":"m 1","tenant":"acme","ms":1}`,
	`{"v":0,"name":"a","hostname":"h","pid":1,"level":30,"time":"2026-03-04T12:00:00.001Z","msg":"m 22","tenant":"acme","ms":17}`,
	`{"v":0,"name":"a","hostname":"h","pid":1,"level":30,"time":"2026-03-04T12:00:00.001Z","msg":"m 22","tenant":"globex","ms":17}`,
	`{"v":0,"name":"a","hostname":"h","pid":1,"level":30,"time":"2026-03-04T12:00:00.001Z","msg":"tenant=acme","tenant":"x","ms":17}`,
	`{"v":0,"name":"a","hostname":"h","pid":1,"level":30,"time":"2026-03-04T12:00:00.001Z","msg":"","tenant":"acme x","ms":-1.5e3}`,
	`{"v":0,"name":"a","hostname":"h","pid":1,"level":30,"time":"2026-03-04T12:00:00.001Z","msg":"m","tenant":"x","ms":"17"}`,
	`{"v":0,"name":"a","hostname":"h","pid":1,"level":"warn","time":17,"msg":"m","tenant":"x=y","ms":null}`,
	`{"v":0,"name":"a","hostname":"h","pid":1,"level":30,"time":"2026-03-04T12:00:00.001Z","msg":"\"tenant\":\"acme\"","tenant":"x","ms":17}`,
	`{"v":0,"name":"a","hostname":"h","pid":1,"level":30,"time":"2026-03-04T12:00:00.001Z","msg":"m\u0031","tenant":"\u0061cme","ms":17}`,
	`{"v":0,"name":"a","hostname":"h","pid":1,"level":30,"time":"2026-03-04T12:00:00.001Z","msg":"m","tenant":"acme","ms":17,"tenant":"globex"}`,
	`{"v":0,"name":"a","hostname":"h","pid":1,"level":30,"time":"2026-03-04T12:00:00.001Z","msg":"m","tenant":"globex","ms":17,"tenant":"acme"}`,
	`{"msg":"m","ctx":{"tenant":"acme","n":1},"tenant":"globex"}`,
	`{"msg":"m","ctx":{"tenant":"globex","n":1},"tenant":"acme"}`,
	`{"msg":"m","ctx":{"tenant":"globex","n":1}}`,
	`{"msg":"m","ctx":["acme"],"tenant":["acme","x"]}`,
	`{"msg":"m","ctx":["x"],"tenant":["x","x"]}`,
	`{ "msg" : "m" , "tenant" : "acme" }`,
	`{"msg":"m","tenant":"acme","msg":"n"}`,
	`{"message":"tenant=acme","tenant":"x","level":"info","ts":1772366400.123}`,
	`{"message":"m","tenant":"acme","level":"info","ts":1772366400.125}`,
	`{"log":"{\"msg\":\"m\",\"tenant\":\"acme\"}","stream":"stdout","time":"2026-03-04T12:00:00Z"}`,
	`{"msg":"grüße","tenant":"acme"}`,
	`{"msg":"m","tenant":"acme"`,
	`{"msg":"m","tenant":"acme"}}`,
	`{"msg":"m","tenant":acme}`,
	`tenant=acme is no JSON`,
	``,
}

// What is known of how records are built finds exactly what reading each of them finds.
func FuzzForms(f *testing.F) {
	all := strings.Join(alike, "\n")
	for _, question := range []string{
		"tenant=acme", "nant=ac", "m 2", `"m`, "acme", "Acme", `ms=1\d`, "[xm]{1}$", "tenant=x=", "-tenant=acme", "ms>2", "tenant~ac",
		"tenant=acme ms=17", "(tenant=acme or ms=1)", "msg=m", "name=a", "ctx.tenant=acme", "n=1", "tenant=acme level>=info", "ms=17",
	} {
		f.Add(question, []byte(all))
	}
	f.Fuzz(func(t *testing.T, question string, data []byte) {
		if len(question) > 100 || len(data) > 1<<14 {
			return
		}
		s := newStore(t)
		for range 2 {
			for line := range bytes.SplitSeq(data, []byte("\n")) {
				s.append("vm-1", line)
			}
		}
		probes := []query.Probe{query.NewMatcher(question).Probe(query.Filter{})}
		if terms, err := query.Parse(question); err == nil {
			probes = append(probes, query.Filter{}.With(terms...).Probe())
		}
		for i, p := range probes {
			scan := query.NewScan(s.Store, s.First(), p)
			for !s.step(scan) {
			}
			if got, want := numbersOf(scan), s.slowly(p); !slices.Equal(got, want) {
				t.Fatalf("%q (%d of a search and a filter) finds %v in %q, and reading each record %v", question, i, got, data, want)
			}
		}
	})
}

// So it is in the background, where records are gone through for a word.
func TestFormsInTheBackground(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := newStore(t)
	for i := range 4*rows.BlockLen + 1000 {
		line := alike[random.IntN(len(alike))]
		if i/1000%2 == 0 { // most are built the same for a while
			line = alike[random.IntN(5)]
			line = strings.Replace(line, `"m`, fmt.Sprintf(`"%0*d m`, random.IntN(9), i%10), 1)
		}
		s.append("vm-1", []byte(line))
	}
	for _, question := range []string{"tenant=acme", "-tenant=acme", `m\d* 22`} {
		terms, err := query.Parse(question)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range []query.Probe{query.NewMatcher(question).Probe(query.Filter{}), query.Filter{}.With(terms...).Probe()} {
			scan := query.NewScan(s.Store, s.First()+6000, p)
			wait.For(t, "the scan to end", func() bool { return s.step(scan) })
			if got, want := numbersOf(scan), s.slowly(p); !slices.Equal(got, want) {
				t.Errorf("%q (%d of a search and a filter) finds %d records, and reading each of them %d", question, i, len(got), len(want))
			}
		}
	}
}
