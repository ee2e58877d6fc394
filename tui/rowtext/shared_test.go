package rowtext_test

import (
	"slices"
	"testing"

	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

func TestSharedFields(t *testing.T) {
	e := &rows.Entry{}
	one := []byte(`{"msg":"m","a":"x","b":2,"c":"one two","d":{"e":1},"error":"bad","err":{"message":"m"}}`)
	fields := rowtext.Sharable(e, one)
	if want := []rowtext.Shared{{"a", `"x"`}, {"b", "2"}, {"c", `"one two"`}}; !slices.Equal(fields, want) {
		t.Fatalf("it may share %v, want %v", fields, want)
	}
	if got := fields[2].String(); got != `c="one two"` {
		t.Errorf("it reads %s", got)
	}
	both := rowtext.Common(fields, rowtext.Sharable(e, []byte(`{"msg":"m","c":"one two","a":"y","b":2}`)))
	if want := []rowtext.Shared{{"b", "2"}, {"c", `"one two"`}}; !slices.Equal(both, want) {
		t.Errorf("they share %v, want %v", both, want)
	}
	for data, want := range map[string]struct {
		body string
		all  bool
	}{
		`{"msg":"m","z":1,"b":2,"c":"one two","a":"y"}`: {"m  z=1  a=y", true},
		`{"msg":"m","b":2}`:                             {"m", false},
		`{"msg":"m","b":"2"}`:                           {"m  b=2", false},
		`text`:                                          {"text", false},
	} {
		if text, all := rowtext.Without(both, e, []byte(data), rowtext.OnScreen); text.Body != want.body || all != want.all {
			t.Errorf("%s says %q, %v, want %+v", data, text.Body, all, want)
		}
	}
	if text, all := rowtext.Without(both, &rows.Entry{Kind: rows.KindState}, []byte("lost"), rowtext.OnScreen); text.Body != "lost" || !all {
		t.Errorf("a gap says %q, %v", text.Body, all)
	}
}
