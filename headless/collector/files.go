package collector

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/headless/shipper"
	"sluice/headless/shipper/paths"
)

// program are the holes that say which program writes a file, the best first.
var program = []string{"container", "app", "program", "service", "unit"}

// target is where the lines of a file go: by the first pattern that it matches.
func (c *Collector) target(path string) (to shipper.Target, err error) {
	for i := range c.cfg.Files {
		if holes, ok := c.cfg.Files[i].Pattern.Divide(path); ok {
			return c.cfg.Files[i].target(holes)
		}
	}
	return to, errors.New("it matches no pattern any more")
}

func (f *Files) target(holes []paths.Hole) (to shipper.Target, err error) {
	value := make(map[string]string)
	for _, h := range holes {
		value[h.Name] = h.Value
		if h.Other != "" && slices.Contains(f.Stream.Holes(), h.Name) {
			return to, fmt.Errorf("by %q {%s} may be %q or %q, which are different streams: say what it cannot hold, as in {%s:[^-]}, or what the parts beside it cannot",
				f.Pattern, h.Name, h.Value, h.Other, h.Name)
		}
		if h.Other == "" || h.Name == "container" {
			to.Fields = append(to.Fields, shipper.Field{Name: h.Name, Value: strings.ToValidUTF8(h.Value, "\ufffd")})
		}
	}
	if to.Stream, err = f.Stream.Name(func(hole string) string { return value[hole] }); err != nil {
		return to, err
	}
	to.Name = to.Stream[strings.LastIndexByte(to.Stream, '/')+1:]
	for _, hole := range program {
		if v := value[hole]; v != "" {
			to.Name = strings.ToValidUTF8(v, "\ufffd")
			break
		}
	}
	return to, nil
}
