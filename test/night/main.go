// Night writes a recording of a night on call: five streams of a small shop on three
// machines, 345,000 records from 20:00 to 06:00, in which a deploy goes wrong. The same seed
// writes the same bytes. docs/on-call.md compares programs on it, and the pictures in docs/
// show it:
//
//	go run ./test/night -out night
//
// A file of a stream each, named as `sluice record` names them, so that `sluice replay
// night/*` knows whose it is.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	out := flag.String("out", "night", "folder of the recordings")
	seed := flag.Uint64("seed", 1, "another night")
	until := flag.String("until", end.Format(time.RFC3339), "when the night ends; it lasts ten hours")
	flag.Parse()
	ends, err := time.Parse(time.RFC3339, *until)
	if err != nil {
		fmt.Fprintln(os.Stderr, "night: -until is no time as in 2026-03-04T06:00:00Z:", *until)
		os.Exit(2)
	}
	n := newNight(*seed, ends.Sub(end))
	n.happen()
	if err := n.write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "night:", err)
		os.Exit(1)
	}
	for _, stream := range n.streams() {
		fmt.Printf("%8d records of %s\n", len(n.records[stream]), stream)
	}
	fmt.Printf("the request that a customer asks about: %s\n", n.ticket)
}

// streams are the names of all streams, in order.
func (n *night) streams() []string {
	var names []string
	for name := range n.records {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// write writes each stream into a file, by the time of its records.
func (n *night) write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, stream := range n.streams() {
		path := filepath.Join(folder, strings.ReplaceAll(stream, "/", "+")+".ndjson")
		if err := writeRecords(path, n.records[stream]); err != nil {
			return err
		}
	}
	return nil
}

func writeRecords(path string, records []record) error {
	slices.SortStableFunc(records, func(a, b record) int { return a.at.Compare(b.at) })
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriterSize(file, 1<<20)
	for _, r := range records {
		out.WriteString(r.line)
		out.WriteByte('\n')
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return file.Close()
}
