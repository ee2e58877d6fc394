package query_test

import (
	"testing"

	"sluice/cluster/query"
)

// A template is met by the messages that it stands for, wherever a logger keeps them.
func TestLike(t *testing.T) {
	const data = `{"level":30,"msg":"GET \"/a\" took 12 ms","err":{"message":"no worker left"},"tags":["too late","pool 7 is full"],"like":"x"}`
	for text, want := range map[string]bool{
		`msg like "GET \"<*>\" took <*>"`: true, `msg like "GET \"/b/c\" took 4 s"`: true, `msg like "GET <*> took <*>"`: false,
		`msg not like "GET \"<*>\" took <*>"`: false, `-msg like "<*>"`: true, `not msg not like "<*>"`: false,
		`err.message like "no <*> left"`: true, `err.message LIKE "no"`: false, `tags like "pool <*> is full"`: true,
		`missing like "<*>"`: false, `missing not like "<*>"`: true, `level like "info"`: true, `source like "vm<*>"`: false,
		`(msg like "x" | tags like "too late") took`: true, `like="x"`: true, `msg like timeout`: false, `msg like took`: true, // these are words
	} {
		terms, err := query.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := matches(terms, data); got != want {
			t.Errorf("%s matches is %v", text, got)
		}
	}
	for data, want := range map[string]bool{
		`{"level":"info","ts":1,"message":"took 4 ms"}`: true, "took 5 ms": true, `{"message":"took"}`: false,
		`{"msg":"took 12 m\u0073"}`: true,
	} {
		term, err := one(`msg like "took <*>"`)
		if err != nil || !term.MatchRaw(&query.Record{Data: []byte(data)}) == want {
			t.Errorf("%s: %v", data, err)
		}
	}
	if term, err := one("msg not like " + query.Quote(`a "<*>" \ b`)); err != nil || !term.Not || term.MatchRaw(&query.Record{Data: []byte(`{"msg":"a \"1\" \\ b"}`)}) {
		t.Errorf("%+v, %v", term, err)
	}
	if _, err := one("msg like " + query.Quote("")); err == nil {
		t.Error("an empty template is a term")
	}
}

// one is the first term of a filter.
func one(text string) (query.Term, error) {
	terms, err := query.Parse(text)
	if err != nil {
		return query.Term{}, err
	}
	return terms[0], nil
}
