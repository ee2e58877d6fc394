package proxy

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// parseQuery reads the query of a request that knows these parameters. Others are an
// error that names the likely one: what is mistyped would show everything.
func parseQuery(raw string, known []parameter) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, fmt.Errorf("read query: %w", err)
	}
	for name, all := range values {
		i := slices.IndexFunc(known, func(p parameter) bool { return p.in == "" && p.name == name })
		switch {
		case i < 0:
			return nil, unknownParameter(name, known)
		case len(all) > 1 && known[i].repeat == 0:
			return nil, fmt.Errorf("read query: %s= stands %d times: give it once", name, len(all))
		}
		for i := range all {
			all[i] = strings.Clone(all[i]) // what is kept of it is not to keep the whole query
		}
	}
	return values, nil
}

func unknownParameter(name string, known []parameter) error {
	const shown = 40
	short := name[:min(len(name), shown)]
	best, least := "", 3 // more is another word
	var all []string
	for _, p := range known {
		if p.in != "" {
			continue
		}
		all = append(all, p.name)
		if n := distance(strings.ToLower(short), strings.ToLower(p.name)); n < least && n < len(p.name) {
			best, least = p.name, n
		}
	}
	if best != "" {
		return fmt.Errorf("read query: unknown parameter %q: did you mean %s=?", short, best)
	}
	slices.Sort(all)
	return fmt.Errorf("read query: unknown parameter %q: there are %s", short, strings.Join(all, ", "))
}

// distance is how many bytes are put in, left out, changed, or swapped with the next
// one to make b of a.
func distance(a, b string) int {
	rows := [3][]int{}
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
	}
	before, last, row := rows[0], rows[1], rows[2]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
