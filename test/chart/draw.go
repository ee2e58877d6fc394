package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// A picture is panels, a figure each, three in a row, both axes logarithmic, so that what
// grows as much as is held is as steep as the dotted line.
const (
	panelWidth, panelHeight = 280.0, 190.0
	plotLeft, plotTop       = 52.0, 34.0 // within a panel
	plotWidth, plotHeight   = 205.0, 116.0
	legendHeight            = 52.0
	perRow                  = 3
)

// colours are those of the sizes.
var colours = []string{"#86b0ff", "#e5b567", "#8fd0a5"}

func (t table) draw(w io.Writer) error {
	var b bytes.Buffer
	rows := (len(figures) + perRow - 1) / perRow
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="ui-sans-serif, 'DejaVu Sans', Arial, sans-serif" font-size="11">`+"\n",
		perRow*panelWidth, float64(rows)*panelHeight+legendHeight)
	b.WriteString(`<rect width="100%" height="100%" rx="8" fill="#16181d"/>` + "\n")
	most := 1.0
	for _, s := range sizes {
		for _, r := range t.grows(s) {
			most = max(most, r[s]/t[0][s])
		}
	}
	for i, s := range sizes {
		x := 16 + float64(i)*panelWidth*perRow/float64(len(sizes))
		fmt.Fprintf(&b, `<path d="M%.1f 20h22" stroke="%s" stroke-width="2"/><text x="%.1f" y="24" fill="#d4d4d4">%s</text>`+"\n",
			x, colours[i], x+28, t.said(s))
	}
	fmt.Fprintf(&b, `<path d="M16 38h22" stroke="#5c6370" stroke-dasharray="2 4"/><text x="44" y="42" fill="#8a909c">as much as is held; each line goes on from %s streams of %s consolidator, for %s day</text>`+"\n",
		short(t[0]["streams"]), short(t[0]["consolidators"]), short(t[0]["days"]))
	for i, f := range figures {
		fmt.Fprintf(&b, `<g transform="translate(%g %g)">`+"\n", float64(i%perRow)*panelWidth, legendHeight+float64(i/perRow)*panelHeight)
		t.panel(&b, f, most)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	_, err := w.Write(b.Bytes())
	return err
}

// said names a size and what it was.
func (t table) said(size string) string {
	var values []string
	for _, r := range t.grows(size) {
		values = append(values, short(r[size]))
	}
	return size + ": " + strings.Join(values, ", ")
}

func (t table) panel(b *bytes.Buffer, f figure, most float64) {
	least, top := math.Inf(1), 0.0
	for _, s := range sizes {
		for _, r := range t.grows(s) {
			least, top = min(least, r[f.column]), max(top, r[f.column])
		}
	}
	from, to := math.Pow(10, math.Floor(math.Log10(least))), math.Pow(10, math.Ceil(math.Log10(top*1.0001)))
	x := func(times float64) float64 { return plotLeft + plotWidth*math.Log(times)/math.Log(max(most, 2)) }
	y := func(v float64) float64 {
		return plotTop + plotHeight*(1-math.Log(v/from)/math.Log(to/from))
	}
	fmt.Fprintf(b, `<text x="%g" y="20" fill="#d4d4d4" font-weight="bold">%s <tspan fill="#8a909c" font-weight="normal">%s</tspan></text>`+"\n", plotLeft-36, f.title, f.unit)
	for v := from; v <= to*1.0001; v *= 10 {
		fmt.Fprintf(b, `<path d="M%.1f %.1fh%.1f" stroke="#333843"/><text x="%.1f" y="%.1f" fill="#8a909c" text-anchor="end">%s</text>`+"\n",
			plotLeft, y(v), plotWidth, plotLeft-6, y(v)+4, short(v))
	}
	base := t[0][f.column]
	if ends := min(most, to/base); ends > 1 && !f.rate {
		fmt.Fprintf(b, `<path d="M%.1f %.1fL%.1f %.1f" stroke="#5c6370" stroke-dasharray="2 4"/>`+"\n", x(1), y(base), x(ends), y(base*ends))
	}
	marked := make(map[float64]bool)
	for i, s := range sizes {
		var line strings.Builder
		for n, r := range t.grows(s) {
			times := r[s] / t[0][s]
			px, py := x(times), y(r[f.column])
			line.WriteString([]string{"M", "L"}[min(n, 1)])
			fmt.Fprintf(&line, "%.1f %.1f", px, py)
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"><title>%s %s: %s %s</title></circle>`+"\n", px, py, colours[i], short(r[s]), s, short(r[f.column]), f.unit)
			if !marked[times] {
				marked[times] = true
				fmt.Fprintf(b, `<text x="%.1f" y="%.1f" fill="#8a909c" text-anchor="middle">× %s</text>`+"\n", px, plotTop+plotHeight+16, short(times))
			}
		}
		fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", line.String(), colours[i])
	}
}

// short is a number in at most three digits, or with k and M.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return short(v/1e6) + "M"
	case v >= 1e4:
		return short(v/1e3) + "k"
	}
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'g', 4, 64)
}
