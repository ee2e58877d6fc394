package live

import (
	"slices"
	"strings"

	"sluice/cluster/httpapi"
)

// Page is a part of the list: of the streams whose names begin with Prefix and come
// after After, in the order of bytes, the first Limit ones; 0 is all.
type Page struct {
	Prefix, After string
	Limit         int
}

// all reports whether the page is the whole list.
func (p *Page) all() bool { return *p == Page{} }

// first is where the page begins, in a list that is sorted by name.
func (p *Page) first(list []httpapi.LiveEvent) int {
	first, found := slices.BinarySearchFunc(list, max(p.Prefix, p.After), byName)
	if found && p.After >= p.Prefix && p.After != "" {
		first++
	}
	return first
}

// end is the last name that the page may have, and whether there are more behind it; ""
// is that it has no end but that of the names that begin with its prefix.
func (p *Page) end(list []httpapi.LiveEvent, opens func(string) bool) (last string, more bool) {
	if p.Limit == 0 {
		return "", false
	}
	n := 0
	for _, s := range list[p.first(list):] {
		switch {
		case !strings.HasPrefix(s.Name, p.Prefix):
			return "", false
		case opens != nil && !opens(s.Name):
		case n == p.Limit:
			return last, true
		default:
			n, last = n+1, s.Name
		}
	}
	return "", false
}

// has reports whether a name may be of the page, whatever its end.
func (p *Page) has(name string) bool {
	return strings.HasPrefix(name, p.Prefix) && (p.After == "" || name > p.After)
}
