package httpapi_test

import (
	"slices"
	"strings"
	"testing"

	"sluice/cluster/httpapi"
)

// parsed returns the id, the name and the data of each event.
func parsed(b []byte) (events [][3]string) {
	httpapi.ParseEvents(b, func(e *httpapi.Event) {
		events = append(events, [3]string{string(e.ID), string(e.Name), string(e.Data)})
	})
	return events
}

func TestParseEvents(t *testing.T) {
	for in, want := range map[string][][3]string{
		"id: 1.2.3.4\ndata: {\"a\":1}\n\n":                               {{"1.2.3.4", "", `{"a":1}`}},
		"event: ping\ndata:\n\ndata: x\n\n":                              {{"", "ping", ""}, {"", "", "x"}},
		"data: a\ndata: b\ndata\ndata:c\n\n":                             {{"", "", "a\nb\n\nc"}},
		": comment\n\nretry: 5\nid: 7\n\nunknown: z\ndata:  two\r\n\r\n": {{"", "", " two"}},
		"\n\n\n": nil, "data: no end": nil,
	} {
		if got := parsed([]byte(in)); !slices.Equal(got, want) {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// parsedSimply is what the standard says, for whole events.
func parsedSimply(s string) (events [][3]string) {
	lines := strings.Split(s, "\n")
	var id, name string
	var data []string
	named := false
	for _, line := range lines[:len(lines)-1] {
		line = strings.TrimSuffix(line, "\r")
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if named || data != nil {
				events = append(events, [3]string{id, name, strings.Join(data, "\n")})
			}
			id, name, data, named = "", "", nil, false
		case field == "data":
			data = append(data, value)
		case field == "id":
			id = value
		case field == "event":
			name, named = value, true
		}
	}
	return events
}

func FuzzParseEvents(f *testing.F) {
	f.Add("id: 1\ndata: {}\n\nevent: ping\ndata:\n\n")
	f.Add("data: a\r\ndata: b\r\ndata: c\r\n\r\n:x\n\n")
	f.Fuzz(func(t *testing.T, s string) {
		if !strings.HasSuffix(s, "\n\n") {
			s += "\n\n"
		}
		if got, want := parsed([]byte(s)), parsedSimply(s); !slices.Equal(got, want) {
			t.Fatalf("%q is %q, want %q", s, got, want)
		}
	})
}
