package query_test

import (
	"regexp"
	"testing"

	"sluice/cluster/query"
	"sluice/cluster/record"
)

func TestFilter(t *testing.T) {
	const sample = `{"level":30,"tenant":"acme","msg":"m"}`
	grep := regexp.MustCompile(`"tenant":"acme"`)
	for _, tt := range []struct {
		name   string
		filter *query.Filter
		in     string
		want   bool
	}{
		{"nil", nil, "text", true},
		{"zero", &query.Filter{}, "text", true},
		{"level reached", &query.Filter{Level: record.Warn}, `{"level":40}`, true},
		{"level not reached", &query.Filter{Level: record.Warn}, `{"level":39}`, false},
		{"no level counts as info", &query.Filter{Level: record.Info}, "text", true},
		{"no level is no warning", &query.Filter{Level: record.Warn}, `{"msg":"m"}`, false},
		{"another logger's level", &query.Filter{Level: record.Error}, `{"level":"CRITICAL","msg":"boom"}`, true},
		{"another logger's level not reached", &query.Filter{Level: record.Error}, `{"severity":"notice"}`, false},
		{"a text's level", &query.Filter{Level: record.Error}, "<3>boom", true},
		{"a text's level not reached", &query.Filter{Level: record.Error}, "<4>boom", false},
		{"a level that is not understood", &query.Filter{Level: record.Error}, `{"level":"BOOM"}`, true},
		{"grep", &query.Filter{Grep: grep}, sample, true},
		{"grep not", &query.Filter{Grep: grep}, `{"tenant":"acme-staging"}`, false},
		{"both", &query.Filter{Level: record.Warn, Grep: grep}, sample, false},
	} {
		if got := tt.filter.Match([]byte(tt.in), "", ""); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}
