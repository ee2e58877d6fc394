package httpapi

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sluice/cluster/loss"
	"sluice/cluster/names"
)

// maxPositions bounds how many positions one header may name.
const maxPositions = 4096

// FormatPositions writes positions as the Sluice-Positions header has them:
// name:epoch:next, …, the name percent-encoded, the numbers in base 36, next
// the sequence number of the next record wanted. It is sorted by name.
func FormatPositions(positions map[string]loss.Position) string {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(positions)) {
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = append(b, strings.ReplaceAll(url.PathEscape(name), ":", "%3A")...)
		b = append(b, ':')
		b = strconv.AppendUint(b, positions[name].Epoch, 36)
		b = append(b, ':')
		b = strconv.AppendUint(b, positions[name].Seq, 36)
	}
	return string(b)
}

// ParsePositions reads what FormatPositions writes. An empty string gives an
// empty map. A name that stands twice has its last position.
func ParsePositions(s string) (map[string]loss.Position, error) {
	positions := make(map[string]loss.Position)
	for item := range strings.SplitSeq(s, ",") {
		item = strings.Trim(item, " \t")
		if item == "" {
			continue
		}
		escaped, numbers, _ := strings.Cut(item, ":")
		epoch, next, ok := strings.Cut(numbers, ":")
		source, err := url.PathUnescape(escaped)
		if err != nil || !ok || names.Check(source) != nil {
			return nil, fmt.Errorf("parse position %.80q: want name:epoch:next", item)
		}
		var at loss.Position
		if at.Epoch, err = ParseBase36(epoch); err == nil {
			at.Seq, err = ParseBase36(next)
		}
		if err != nil {
			return nil, fmt.Errorf("parse position %.80q: want epoch and next in base 36", item)
		}
		if len(positions) >= maxPositions {
			return nil, fmt.Errorf("parse positions: more than %d of them", maxPositions)
		}
		positions[source] = at
	}
	return positions, nil
}
