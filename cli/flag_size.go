package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// size is a flag's value: a number of bytes, as in 64KiB or 256MiB. One letter
// means the same: 100M is 100MiB.
type size int64

var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"B", 1},
}

func (s *size) Set(text string) error {
	digits, unit := text, int64(1)
	for _, u := range sizeUnits {
		rest, ok := strings.CutSuffix(text, u.name)
		if !ok {
			rest, ok = strings.CutSuffix(text, u.name[:1])
		}
		if ok {
			digits, unit = rest, u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/unit {
		return fmt.Errorf("want a number of bytes, as in 4194304, 64KiB, 256MiB or 1GiB")
	}
	*s = size(n * unit)
	return nil
}

func (s *size) String() string {
	for _, u := range sizeUnits {
		if n := int64(*s); n > 0 && n%u.bytes == 0 && u.bytes > 1 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(*s), 10)
}

func (s *size) Type() string { return "size" }
