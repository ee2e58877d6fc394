package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/clipperhouse/displaywidth"
	"github.com/spf13/cobra"

	"sluice/archive/engine"
	"sluice/archive/holdings"
	"sluice/archive/importer"
	"sluice/archive/subject"
	"sluice/cluster/jsonscan"
	"sluice/cluster/loss"
	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/cluster/stdio"
	"sluice/cluster/stream/direct"
)

// defaultArchive is where an archive of this machine is.
const defaultArchive = "nats://" + engine.DefaultListen

func newArchiveStatus(ended *outcome) *cobra.Command {
	var (
		from          archiveSource
		consolidators consolidatorSource
		keys          curveKeys
		patience      time.Duration
		output        string
	)
	c := &cobra.Command{
		Use:   "status [STREAM…]",
		Short: "List what an archive holds, by stream and consolidator",
		Long: "List what an archive holds: a line for each stream at each consolidator, with when the oldest and the newest batch\n" +
			"was stored, how many records it has, how many are missing in them since they were lost before (\"unknown\" when nobody\n" +
			"knows), their size, how much smaller it is kept, and its lag: the records that the consolidator has and the archive\n" +
			"does not have yet; unknown (\"?\") when the consolidator is not reached, or says nothing, as it does of a stream that\n" +
			"was quiet for a minute. Names or patterns choose streams, as in 'tenant/*'.\n\n" +
			"With --output json each line is an object: first one of type \"archive\" with the sums, then one of type \"stream\" each.",
		Example: "  sluice archive status\n  sluice archive status 'tenant/*' --archive nats://10.0.0.4:4222\n" +
			"  sluice archive status --output json | jq -r 'select(.type == \"stream\" and .lost > 0).stream'",
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	from.flags(c.Flags())
	c.Flags().Lookup("archive").DefValue = defaultArchive
	c.Flags().StringArrayVar(&consolidators.endpoints, "consolidator", []string{"tcp://127.0.0.1:5552"}, "ask the consolidator at this endpoint for the lag (repeatable)")
	consolidators.flags(c.Flags(), false)
	keys.flags(c.Flags())
	c.Flags().DurationVar(&patience, "for", 10*time.Second, "wait at most this time for an archive that does not answer")
	c.Flags().StringVar(&output, "output", "text", "print a table, or objects: text, json")
	c.RunE = ended.run(func(ctx context.Context, args []string) error {
		if output != "text" && output != "json" {
			return usagef("--output %q: give text or json", output)
		}
		match, filter, err := wanted(args)
		if err != nil {
			return err
		}
		way, _, err := chosen(c.Flags(), false)
		if err != nil {
			return err
		}
		var source direct.Config
		if source.Finder, err = consolidators.finder(way, slog.New(slog.DiscardHandler)); err != nil {
			return err
		}
		if source.Keys, err = keys.keyring(consolidators.endpoints); err != nil {
			return &usageError{err}
		}
		client, err := from.dialDefault(slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		defer client.Close()
		out := stdio.NewWriter(ctx, os.Stdout)
		defer out.Close()
		ready, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := client.Ready(ready); err != nil {
			return err
		}
		state, err := client.State(ctx)
		if err != nil {
			return err
		}
		lanes, err := holdings.List(ctx, client, filter, match)
		if err != nil {
			return err
		}
		at, err := askHeads(ctx, source)
		if err != nil {
			return err
		}
		if output == "json" {
			return writeStatusJSON(out, &state, lanes, at)
		}
		return writeStatus(out, &state, lanes, at, time.Now())
	})
	return c
}

// wanted is a test of streams, by names or patterns, and the subject that takes in all of
// them. Without any, the test is nil: all are wanted.
func wanted(args []string) (match func(string) bool, filter string, err error) {
	if len(args) == 0 {
		return nil, subject.All, nil
	}
	patterns := make([]names.Pattern, len(args))
	for i, text := range args {
		if patterns[i], err = names.ParsePattern(text); err != nil {
			return nil, "", &usageError{err}
		}
	}
	filter = subject.All
	if len(patterns) == 1 {
		filter = subject.Filter(patterns[0])
	}
	return func(stream string) bool {
		for _, p := range patterns {
			if p.Match(stream) {
				return true
			}
		}
		return false
	}, filter, nil
}

// writeStatus writes what is held as a table.
func writeStatus(out io.Writer, state *engine.State, lanes []holdings.Lane, at heads, now time.Time) error {
	var b bytes.Buffer
	rows := [][]string{{"STREAM", "CONSOLIDATOR", "SINCE", "LAST", "RECORDS", "LOST", "LAG", "SIZE", "RATIO"}}
	for _, l := range lanes {
		if l.Err != nil {
			rows = append(rows, []string{record.Safe(l.Stream), record.Safe(l.Consolidator), "?", l.Last.Local().Format(time.DateTime), record.Safe(l.Err.Error())})
			continue
		}
		lag := "?"
		if l.Consolidator == importer.Consolidator {
			lag = "-" // nothing comes of it
		} else if behind, unknown := at.lag(&l); !unknown || behind > 0 {
			lag = loss.Number(behind, unknown)
		}
		rows = append(rows, []string{
			record.Safe(l.Stream), record.Safe(l.Consolidator), l.First.Local().Format(time.DateTime), ago(now.Sub(l.Last)),
			record.Count(l.Held.Records), loss.Number(l.Held.Lost, l.Held.Unknown > 0), lag, bytesText(l.Held.Raw), ratio(l.Held.Raw, l.Held.Kept),
		})
	}
	columns(&b, rows)
	if len(lanes) == 0 {
		b.Reset()
		b.WriteString("Nothing is held that was asked for.\n")
	}
	fmt.Fprintf(&b, "\nAll together: %s of %s in %s", bytesText(state.Bytes), record.Plural(state.Subjects, "lane"), record.Count(state.Messages)+" batches")
	if state.MaxBytes > 0 {
		fmt.Fprintf(&b, ", of at most %s", bytesText(uint64(state.MaxBytes)))
	}
	if state.Messages > 0 {
		fmt.Fprintf(&b, ", since %s", state.First.Stored.Local().Format(time.DateTime))
	}
	if len(state.Keep) > 0 {
		fmt.Fprintf(&b, "; kept: %s", record.Safe(state.Keep.String()))
	}
	if state.Lagging > 0 {
		fmt.Fprintf(&b, "; %s behind or not there", record.Plural(uint64(state.Lagging), "replica"))
	}
	if state.Damaged > 0 {
		fmt.Fprintf(&b, "; %s were damaged, and given up", bytesText(state.Damaged))
	}
	b.WriteByte('\n')
	if silent := at.silent(lanes); len(silent) > 0 {
		fmt.Fprintf(&b, "The lag of %s is not known: name where they are (--consolidator), or how they are found (--etcd, --dns, --consolidators-file).\n", record.Safe(someOf(silent)))
	}
	_, err := out.Write(b.Bytes())
	return err
}

// someOf are the first names of a list, and how many more there are.
func someOf(list []string) string {
	const most = 5
	if more := len(list) - most; more > 0 {
		return strings.Join(list[:most], ", ") + " and " + record.Count(uint64(more)) + " more"
	}
	return strings.Join(list, ", ")
}

// columns writes rows in columns; the last of a row takes what it takes.
func columns(b *bytes.Buffer, rows [][]string) {
	var widths [16]int
	for _, row := range rows {
		for i, text := range row[:len(row)-1] {
			widths[i] = max(widths[i], displaywidth.String(text))
		}
	}
	for _, row := range rows {
		last := len(row) - 1
		for i, text := range row[:last] {
			b.WriteString(text)
			b.WriteString(strings.Repeat(" ", widths[i]-displaywidth.String(text)+2))
		}
		b.WriteString(row[last])
		b.WriteByte('\n')
	}
}

// ago is how long ago something was, roughly.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.0f s ago", max(d, 0).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0f min ago", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h ago", d.Hours())
	}
	return fmt.Sprintf("%.0f days ago", d.Hours()/24)
}

// bytesText is a number of bytes in three figures or so.
func bytesText(n uint64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return strconv.FormatUint(n, 10) + " B"
	}
	v, unit := float64(n)/1024, 0
	for v >= 1024 {
		v /= 1024
		unit++
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " " + units[unit:unit+1] + "iB"
}

// ratio is how many times smaller something is kept.
func ratio(raw, kept uint64) string {
	if raw == 0 || kept == 0 {
		return "-"
	}
	return strconv.FormatFloat(float64(raw)/float64(kept), 'f', 1, 64)
}

// heldArchive and heldStream are what is held, in JSON.
type heldArchive struct {
	Type     string `json:"type"`
	Lanes    int    `json:"lanes"`
	Batches  uint64 `json:"batches"`
	Bytes    uint64 `json:"bytes"`
	MaxBytes int64  `json:"max_bytes"`
	Since    string `json:"since,omitempty"`
	Keep     string `json:"keep"`
	Replicas int    `json:"replicas"`
	Lagging  int    `json:"replicas_lagging"`
	Damaged  uint64 `json:"damaged_bytes"`
}

type heldStream struct {
	Type         string  `json:"type"`
	Stream       string  `json:"stream"`
	Consolidator string  `json:"consolidator"`
	Since        string  `json:"since,omitempty"`
	Last         string  `json:"last"`
	Batches      uint64  `json:"batches"`
	Records      uint64  `json:"records"`
	Lost         uint64  `json:"lost"`
	Unknown      uint64  `json:"unknown_losses"`
	RawBytes     uint64  `json:"raw_bytes"`
	KeptBytes    uint64  `json:"kept_bytes"`
	Lag          *uint64 `json:"lag"`   // null: unknown
	Epoch        string  `json:"epoch"` // a number beyond what JavaScript has
	Next         uint64  `json:"next"`
	Err          string  `json:"error,omitempty"`
}

func writeStatusJSON(out io.Writer, state *engine.State, lanes []holdings.Lane, at heads) error {
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	objects := []any{heldArchive{
		"archive", len(lanes), state.Messages, state.Bytes, state.MaxBytes, stamp(state.First.Stored), state.Keep.String(), state.Replicas, state.Lagging, state.Damaged,
	}}
	for _, l := range lanes {
		h := heldStream{
			"stream", l.Stream, l.Consolidator, stamp(l.First), stamp(l.Last), l.Batches, l.Held.Records, l.Held.Lost, l.Held.Unknown,
			l.Held.Raw, l.Held.Kept, nil, strconv.FormatUint(l.Next.Epoch, 10), l.Next.Seq, "",
		}
		if behind, unknown := at.lag(&l); !unknown {
			h.Lag = &behind
		}
		if l.Err != nil {
			h.Err = l.Err.Error()
		}
		objects = append(objects, h)
	}
	var b bytes.Buffer
	for _, o := range objects {
		line, err := jsonscan.Marshal(o)
		if err != nil {
			return fmt.Errorf("write what the archive holds: %w", err)
		}
		b.Write(record.Append(nil, line, record.LayoutRaw, record.Style{Terminal: true}))
	}
	_, err := out.Write(b.Bytes())
	return err
}
