package jsonscan_test

import (
	"bytes"
	"fmt"
	"testing"

	"sluice/cluster/jsonscan"
)

// What fits has the members that a scan finds, and is valid.
func FuzzShape(f *testing.F) {
	for _, pair := range [][2]string{
		{`{"a":"x","b":1}`, `{"a":"yz","b":12}`},
		{`{"a":"x","b":1}`, `{"a":"x\"","b":1}`},
		{`{"a":"\\","b":1}`, `{"a":"\"","b":1}`},
		{`{"a":"x","b":1}`, `{"a":"x","b":"1"}`},
		{`{"a":1,"b":true}`, `{"a":-1.5e3,"b":null}`},
		{`{"a":1}`, `{"a":1x}`},
		{`{"a":1}`, `{"a":12}`},
		{`{"a":12}`, `{"a":1}`},
		{`{"a":{"b":[1,2]},"c":0}`, `{"a":{"d":"]}"},"c":1}`},
		{`{"a":[1],"c":0}`, `{"a":[1]],"c":0}`},
		{`{ "a" : 1 }`, `{ "a" : 2 }`},
		{`{"a":1,"a":2}`, `{"a":3,"a":4}`},
		{`{"a":"ü"}`, `{"a":"u"}`},
		{`{"a":""}`, `{"a":`},
		{`{}`, `{}`},
		{`{"a":1} `, `{"a":1}`},
	} {
		f.Add([]byte(pair[0]), []byte(pair[1]))
	}
	f.Fuzz(func(t *testing.T, learnt, object []byte) {
		var s jsonscan.Shape
		if s.Fit(object) {
			t.Fatalf("%q fits although nothing was learnt", object)
		}
		if s.Learn(learnt) != jsonscan.ValidObject(learnt) {
			all := scanned(learnt)
			if len(all) <= jsonscan.MaxMembers && len(learnt) <= jsonscan.MaxShape {
				t.Fatalf("%q is learnt only if it is not valid", learnt)
			}
		}
		if jsonscan.ValidObject(learnt) && s.Len() > 0 && !s.Fit(bytes.Clone(learnt)) {
			t.Fatalf("%q does not fit itself", learnt)
		}
		if !s.Fit(object) {
			return
		}
		if !jsonscan.ValidObject(object) {
			t.Fatalf("%q fits %q, and is not valid", object, learnt)
		}
		all := scanned(object)
		if s.Len() != len(all) || s.Size() != len(object) {
			t.Fatalf("%q fits %q, and has %d members, not %d", object, learnt, len(all), s.Len())
		}
		changes := 0
		for i, m := range all {
			value, changed := s.Value(i)
			if changed {
				if member, same := s.Changed(changes); member != i || string(same) != string(value) {
					t.Fatalf("the value of member %d is %q, and the change %d is of %d: %q", i, value, changes, member, same)
				}
				changes++
			}
			if string(s.Key(i)) != m.key || string(value) != m.value || !changed && string(s.Learnt(i)) != m.value {
				t.Fatalf("%q fits %q, but member %d is %s:%s, not %s:%s", object, learnt, i, m.key, m.value, s.Key(i), value)
			}
		}
		if changes != s.Changes() {
			t.Fatalf("there are %d changes, not %d", changes, s.Changes())
		}
		if printable(learnt) && !printable(object) {
			t.Fatalf("%q is not printable", object)
		}
	})
}

// printable reports whether data is printable ASCII without escapes.
func printable(data []byte) bool {
	return bytes.IndexFunc(data, func(r rune) bool { return r < ' ' || r >= 0x7f || r == '\\' }) < 0
}

// Lines of one log statement fit each other, whatever their values are.
func TestLinesOfAStatementFit(t *testing.T) {
	var s jsonscan.Shape
	line := func(i int) []byte {
		return fmt.Appendf(nil, `{"time":"2026-03-04T12:00:00.%03dZ","msg":"request %d completed","ok":%v,"ms":%d,"of":{"n":[%d]}}`, i%1000, i, i%2 == 0, i%97-5, i)
	}
	if !s.Learn(line(0)) {
		t.Fatal("a line cannot be learnt")
	}
	for i := range 2000 {
		if !s.Fit(line(i)) {
			t.Fatalf("%s does not fit %s", line(i), line(0))
		}
	}
	data := line(1234)
	if n := testing.AllocsPerRun(100, func() { s.Fit(data) }); n != 0 {
		t.Errorf("taking a line apart allocates %v times", n)
	}
}

// BenchmarkShape takes records of 240 bytes apart of which five values differ.
func BenchmarkShape(b *testing.B) {
	var records [1024][]byte
	for i := range records {
		records[i] = fmt.Appendf(nil, `{"v":0,"name":"webtask","hostname":"vm-1","pid":4711,"level":30,"time":"2026-03-04T12:00:00.%03dZ","msg":"request %d completed","tenant":"acme","status":%d,"ms":%d,"pad":"%070d"}`, i%1000, i, 200+i%5*100, i%997, i)
	}
	var s jsonscan.Shape
	if !s.Learn(records[0]) {
		b.Fatal("a record cannot be learnt")
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if !s.Fit(records[i%len(records)]) {
			b.Fatal("a record does not fit")
		}
		i++
	}
}
