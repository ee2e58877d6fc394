package tomledit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Inline is a table as TOML on one line. table is a struct or a map that
// [toml.Marshal] takes.
func Inline(table any) (string, error) {
	data, err := toml.Marshal(table)
	if err != nil {
		return "", fmt.Errorf("write %T on one line: %w", table, err)
	}
	var plain map[string]any
	if err := toml.Unmarshal(data, &plain); err != nil {
		return "", fmt.Errorf("write %T on one line: %w", table, err)
	}
	var b strings.Builder
	inline(&b, plain)
	return b.String(), nil
}

func inline(b *strings.Builder, value any) {
	switch v := value.(type) {
	case map[string]any:
		before := "{ "
		for _, key := range slices.Sorted(maps.Keys(v)) {
			b.WriteString(before + quoteKey(key) + " = ")
			inline(b, v[key])
			before = ", "
		}
		if len(v) == 0 {
			b.WriteString("{")
		}
		b.WriteString(" }")
	case []any:
		b.WriteByte('[')
		for i, one := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			inline(b, one)
		}
		b.WriteByte(']')
	case string:
		b.WriteString(Quote(v))
	case time.Time:
		b.WriteString(v.Format(time.RFC3339Nano))
	default:
		fmt.Fprint(b, v)
	}
}
