package cli

import (
	"errors"
	"strconv"
	"strings"
)

// speed is a flag's value: how many times as fast, as in 10 or 0.5; 0 is max.
type speed float64

func (s *speed) Set(text string) error {
	if text == "max" || text == "0" {
		*s = 0
		return nil
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, "x"), 64)
	if err != nil || !(n >= 1e-6 && n <= 1e9) {
		return errors.New("want a number above 0, as in 10 or 0.5, or max")
	}
	*s = speed(n)
	return nil
}

func (s *speed) String() string {
	if *s == 0 {
		return "max"
	}
	return strconv.FormatFloat(float64(*s), 'g', -1, 64)
}

func (s *speed) Type() string { return "speed" }
