package replay_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless/replay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is the time of the first record of most recordings here.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// line is a record, so long after start.
func line(after time.Duration, msg string) string {
	return fmt.Sprintf(`{"v":0,"name":"app","hostname":"vm-1","pid":7,"level":30,"time":%q,"msg":%q}`+"\n",
		start.Add(after).Format("2006-01-02T15:04:05.000Z"), msg)
}

// file writes a file into the test's directory.
func file(t testing.TB, name, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// taken is what a replay handed on.
type taken struct {
	records []string // messages
	lines   []string // as they came
	streams []string
	arrived []time.Time
	at      []time.Duration // when, since it began
	gaps    []stream.Notice
	err     error // of Run
	stats   replay.Stats
}

// replayed replays to the end.
func replayed(t testing.TB, config replay.Config) (got taken) {
	t.Helper()
	s, err := replay.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	began := time.Now()
	for {
		b, err := s.Take(ctx)
		if errors.Is(err, stream.ErrClosed) {
			got.err, got.stats = <-ran, s.Stats()
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range b.Records {
			parsed := record.Parse(r.Data)
			got.records = append(got.records, parsed.Msg)
			got.lines = append(got.lines, string(r.Data))
			got.streams = append(got.streams, r.Stream)
			got.arrived = append(got.arrived, time.Unix(0, r.Arrived))
			got.at = append(got.at, time.Since(began))
		}
		for _, n := range b.Notices {
			if n.Kind == stream.KindGap {
				got.gaps = append(got.gaps, n)
			}
		}
		b.Release()
	}
}

func wantRecords(t *testing.T, got taken, want ...string) {
	t.Helper()
	if strings.Join(got.records, "|") != strings.Join(want, "|") {
		t.Errorf("records %q, want %q", got.records, want)
	}
}
