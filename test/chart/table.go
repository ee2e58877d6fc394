package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// sizes are the columns that say how much there is; figures are those that were measured.
var (
	sizes   = []string{"streams", "consolidators", "days"}
	figures = []figure{
		{column: "clean-s", title: "start after a clean end", unit: "s"},
		{column: "killed-s", title: "start after kill -9, cold", unit: "s"},
		{column: "memory-MiB", title: "memory, at 10,000 records/s", unit: "MiB"},
		{column: "last-ms", title: "--last 1000, first record", unit: "ms"},
		{column: "since-ms", title: "--since, first record", unit: "ms"},
		{column: "replay-per-s", title: "replay of a stream", unit: "records/s", rate: true},
	}
)

type figure struct {
	column, title, unit string
	rate                bool // more is better
}

// table is what was measured, a row a size; the first row is the base.
type table []map[string]float64

// read reads a table whose columns are named by its first row.
func read(r io.Reader) (t table, err error) {
	var columns []string
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) == 0:
			continue
		case columns == nil:
			if fields[0] == sizes[0] {
				columns = fields
			}
			continue
		case len(fields) != len(columns):
			return nil, fmt.Errorf("line %d has %d fields, and the table %d columns", n, len(fields), len(columns))
		}
		row := make(map[string]float64)
		for i, f := range fields {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil || !(v > 0 && v < 1e15) {
				return nil, fmt.Errorf("line %d, column %s: %q is no number above 0", n, columns[i], f)
			}
			row[columns[i]] = v
		}
		t = append(t, row)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	for _, f := range figures {
		if !slices.Contains(columns, f.column) {
			return nil, fmt.Errorf("there is no column %s: give it what the bench prints", f.column)
		}
	}
	for _, s := range sizes {
		if !slices.Contains(columns, s) {
			return nil, fmt.Errorf("there is no column %s: give it what the bench prints", s)
		}
	}
	if len(t) < 2 {
		return nil, errors.New("there is no second row: nothing grows")
	}
	return t, nil
}

// grows is the rows in which one size alone differs from the base, the base first.
func (t table) grows(size string) (rows table) {
	rows = append(rows, t[0])
	for _, r := range t[1:] {
		alone := r[size] > t[0][size]
		for _, s := range sizes {
			alone = alone && (s == size || r[s] == t[0][s])
		}
		if alone {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b map[string]float64) int { return int(a[size] - b[size]) })
	return rows
}
