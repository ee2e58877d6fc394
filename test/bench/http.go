package main

import (
	"regexp"
	"slices"
)

// proxies measures the proxy beside servers of events of others.
func (o options) proxies(only *regexp.Regexp) error {
	for _, f := range fanOuts {
		if only.MatchString(f.name) {
			if err := o.fan(f); err != nil {
				return err
			}
		}
	}
	if err := o.manyMachines(only); err != nil {
		return err
	}
	for name, measure := range map[string]func() error{
		"proxy: an idle session": o.idleSessions,
		"proxy: latency":         o.delays,
		"proxy: resuming":        o.resuming,
	} {
		if only.MatchString(name) {
			if err := measure(); err != nil {
				return err
			}
		}
	}
	return nil
}

// midFloat is the median of a figure.
func midFloat[T any](all []T, f func(T) float64) float64 {
	v := make([]float64, len(all))
	for i, r := range all {
		v[i] = f(r)
	}
	slices.Sort(v)
	return v[len(v)/2]
}
