package proxy_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/cluster/stream"
)

// A parameter that is not known shows everything if it is passed over: it is refused,
// with what was probably meant.
func TestUnknownParametersAreRefused(t *testing.T) {
	p := start(t, newFake(), nil)
	for query, says := range map[string]string{
		"lvel=warn":                          "did you mean level=?",
		"Level=warn":                         "did you mean level=?",
		"leevl=warn":                         "did you mean level=?",
		"from_vm=vm-1":                       "did you mean from-vm=?",
		"lats=5":                             "did you mean last=?",
		"hello=1":                            "there are field, from, from-vm, grep",
		strings.Repeat("x", 3000) + "":       "there are field",
		"level=warn&level=info":              "level= stands 2 times",
		"field=a":                            "NAME=VALUE",
		"field==a":                           "NAME=VALUE",
		"field=level=loud":                   "no level",
		"where=a%3D":                         "at byte 2",
		"where=" + strings.Repeat("a+", 40):  "more than 32",
		"where=" + strings.Repeat("a", 5000): "longer than 4096",
	} {
		r := get(t, p, "/api/logs/a?"+query)
		var problem struct{ Detail string }
		if err := json.Unmarshal([]byte(r.all()), &problem); err != nil {
			t.Fatal(err)
		}
		if r.resp.StatusCode != 400 || !strings.Contains(problem.Detail, says) || len(problem.Detail) > 500 {
			t.Errorf("%.40s: %d, %q, want %q", query, r.resp.StatusCode, problem.Detail, says)
		}
	}
}

// What the original's clients send goes on being taken.
func TestParametersOfTheOriginal(t *testing.T) {
	p := start(t, newFake(), nil)
	if r := get(t, p, "/api/logs/a?max=100&key=secret"); r.resp.StatusCode != 200 {
		t.Errorf("%s", r.resp.Status)
	}
}

func TestConditionsOnRecords(t *testing.T) {
	f := newFake()
	data := []string{
		`{"level":30,"msg":"a b","req":{"method":"GET"},"status":500}`,
		`{"level":40,"msg":"c","req":{"method":"PUT"},"status":"500"}`,
		`{"level":50,"msg":"d = \"e\""}`,
	}
	f.backfill = func(name string, _ stream.Backfill) *stream.Batch {
		b := &stream.Batch{}
		for i, s := range data {
			source := []string{"vm-1", "vm-2"}[i%2]
			b.Records = append(b.Records, stream.Record{
				Stream: name, Source: source, Position: stream.Position{Epoch: 9, Seq: uint64(i / 2)}, Data: []byte(s),
			})
		}
		b.Notices = []stream.Notice{{Kind: stream.KindGap, At: 3, Stream: name, Source: "vm-2", Count: 1}}
		return b
	}
	p := start(t, f, nil)
	for query, want := range map[string]string{ // records by their place, L is the loss
		"field=req.method=GET":                  "0L",
		"field=req.method=PUT&field=status=500": "1L",
		"field=status=500":                      "01L",
		`field=msg=d = "e"`:                     "2L",
		"where=level>=warn -c":                  "2L",
		"where=status=500 req.method!=GET":      "1L",
		"where=source=vm-2":                     "1L",
		"where=stream=s level=info":             "0L",
		`where=/a\sb/`:                          "0L",
		"from-vm=vm-1":                          "02",
		"from-vm=vm-2":                          "1L",
		"from-vm=vm-2&level=error":              "L",
		"from-vm=vm-9":                          "",
	} {
		values := url.Values{"last": {"10"}}
		for part := range strings.SplitSeq(query, "&") {
			name, value, _ := strings.Cut(part, "=")
			values.Add(name, value)
		}
		r := get(t, p, "/api/logs/s?"+values.Encode(), ours()...)
		got := ""
		for e := r.event(); field(e, "event") != "live"; e = r.event() {
			switch field(e, "event") {
			case "":
				got += strconv.Itoa(slices.Index(data, field(e, "data")))
			case "dropped":
				got += "L"
			}
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}
