// Chart draws how figures grow as an SVG picture, for docs/performance.md. It reads what
// "make bench BENCH='archive: growth'" prints, and passes over everything before its table:
//
//	go run ./test/chart < docs/archive-growth.txt > docs/archive-growth.svg
package main

import (
	"fmt"
	"os"
)

func main() {
	t, err := read(os.Stdin)
	if err == nil {
		err = t.draw(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}
