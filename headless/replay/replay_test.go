package replay_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
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

func gzipped(data string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(data))
	_ = w.Close()
	return b.String()
}

func zstded(data string) string {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(data), nil))
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

func TestFormats(t *testing.T) {
	one := line(0, "one") + line(time.Second, "two")
	two := line(2*time.Second, "three")
	for name, data := range map[string]string{
		"plain":                  one + two,
		"gzip":                   gzipped(one + two),
		"gzip of two members":    gzipped(one) + gzipped(two),
		"zstd":                   zstded(one + two),
		"zstd of two frames":     zstded(one) + zstded(two),
		"zstd with skippable":    "\x50\x2a\x4d\x18\x04\x00\x00\x00skip" + zstded(one+two),
		"no line break at last":  one + strings.TrimSuffix(two, "\n"),
		"carriage returns":       strings.ReplaceAll(one+two, "\n", "\r\n"),
		"empty lines":            "\n\n" + one + "\r\n\n" + two,
		"a byte order mark":      "\xef\xbb\xbf" + one + two,
		"an empty gzip before":   gzipped("") + gzipped(one+two),
		"a line over two frames": zstded(one[:50]) + zstded(one[50:]+two),
	} {
		t.Run(name, func(t *testing.T) {
			got := replayed(t, replay.Config{Files: []string{file(t, "x.log.txt", data)}})
			wantRecords(t, got, "one", "two", "three")
			if got.err != nil || len(got.gaps) > 0 {
				t.Errorf("error %v, gaps %v", got.err, got.gaps)
			}
			if got.lines[0]+"\n" != line(0, "one") {
				t.Errorf("a line was changed: %q", got.lines[0])
			}
		})
	}
}

// A file that is cut short at any byte gives all whole lines that stock tools
// find in it, and says that something is missing.
func TestCutShort(t *testing.T) {
	var text strings.Builder
	for i := range 40 {
		text.WriteString(line(time.Duration(i)*time.Second, fmt.Sprint("record ", i)))
	}
	whole := text.String()
	half := strings.Index(whole[len(whole)/2:], "\n") + len(whole)/2 + 1
	for name, data := range map[string]string{
		"plain": whole,
		"gzip":  gzipped(whole[:half]) + gzipped(whole[half:]),
		"zstd":  zstded(whole[:half]) + zstded(whole[half:]),
	} {
		t.Run(name, func(t *testing.T) {
			for cut := 5; cut < len(data); cut += 7 {
				got := replayed(t, replay.Config{Files: []string{file(t, "cut", data[:cut])}})
				if got.err != nil {
					t.Fatalf("cut at %d: %v", cut, got.err)
				}
				for i, msg := range got.records {
					if want := fmt.Sprint("record ", i); msg != want {
						t.Fatalf("cut at %d: record %d is %q", cut, i, msg)
					}
				}
				clean := name == "plain" && (data[cut-1] == '\n' || data[cut] == '\n')
				if frames := len(got.records) == strings.Count(whole[:half], "\n"); frames && len(got.gaps) == 0 {
					clean = true // between two frames, or in the first bytes of the second
				}
				if clean != (len(got.gaps) == 0) || clean != (len(got.stats.Short) == 0) {
					t.Fatalf("cut at %d of %d: gaps %v, short %q", cut, len(data), got.gaps, got.stats.Short)
				}
				if len(got.gaps) > 0 && (!got.gaps[0].Unknown || got.gaps[0].Reason != "the file is cut short") {
					t.Fatalf("cut at %d: gap %+v", cut, got.gaps[0])
				}
				if name != "plain" && cut > len(data)*3/4 && len(got.records) < strings.Count(whole[:half], "\n") {
					t.Fatalf("cut at %d: the first frame is whole, and there are only %d records", cut, len(got.records))
				}
			}
		})
	}
}

func TestBroken(t *testing.T) {
	data := []byte(zstded(line(0, "one")))
	data[len(data)-1] ^= 0xff // the checksum
	path := file(t, "broken", zstded(line(0, "zero"))+string(data))
	other := file(t, "other", line(time.Hour, "later"))
	got := replayed(t, replay.Config{Files: []string{path, other}})
	if got.err == nil || !strings.Contains(got.err.Error(), path) {
		t.Errorf("error %v, want one that names %s", got.err, path)
	}
	if n := len(got.records); n < 2 || got.records[0] != "zero" || got.records[n-1] != "later" {
		t.Errorf("records %q: all that can be read of all files is wanted", got.records)
	}
	if len(got.gaps) != 1 {
		t.Errorf("gaps %v, want one", got.gaps)
	}
}

func TestNotThere(t *testing.T) {
	if _, err := replay.New(replay.Config{Files: []string{"nothing here"}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	dir := t.TempDir()
	if _, err := replay.New(replay.Config{Files: []string{dir}}); err == nil || !strings.Contains(err.Error(), "name the files in it") {
		t.Errorf("error %v", err)
	}
	for _, config := range []replay.Config{
		{},
		{Files: []string{"-", "-"}},
		{Files: []string{"-"}, Speed: -1},
		{Files: []string{"-"}, IdleLimit: -1},
		{Files: []string{"-"}, MaxLine: -1},
		{Files: []string{"-"}, Stream: "a\nb"},
	} {
		var wrong *replay.ConfigError
		if _, err := replay.New(config); !errors.As(err, &wrong) {
			t.Errorf("%+v: error %v, want a ConfigError", config, err)
		}
	}
}

func TestForeignLines(t *testing.T) {
	data := "before any time\n" + line(0, "one") + "plain \x1b[31mtext\n" +
		`{"level":"info","ts":1}` + "\n" + line(time.Second, "two") + "[1,2]\n"
	got := replayed(t, replay.Config{Files: []string{file(t, "f", data)}})
	wantRecords(t, got, "before any time", "one", "plain \x1b[31mtext", "", "two", "[1,2]")
	for i, want := range []time.Duration{-1, 0, 0, 0, time.Second, time.Second} {
		if want >= 0 && !got.arrived[i].Equal(start.Add(want)) {
			t.Errorf("record %d stands at %v, want %v", i, got.arrived[i], start.Add(want))
		}
	}
	if since := time.Since(got.arrived[0]); since < 0 || since > time.Hour {
		t.Errorf("a record before any time stands at %v, want when the file was written", got.arrived[0])
	}
}

func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", 5000)
	data := "a\n" + long[:1000] + "\n" + long[:1001] + "\n" + "b\n" + long + "\n" + line(0, "c") + long
	got := replayed(t, replay.Config{Files: []string{file(t, "f", data)}, MaxLine: 1000})
	wantRecords(t, got, "a", long[:1000], long[:1000], "b", long[:1000], "c", long[:1000])
	if got.stats.Cut != 3 {
		t.Errorf("%d lines were cut, want 3", got.stats.Cut)
	}
}

// Several files are merged by time; of equal times the file named first goes
// first, and the order within a file stays.
func TestMerge(t *testing.T) {
	s := time.Second
	a := file(t, "a", line(0, "a0")+line(4*s, "a4")+line(3*s, "a3 late")+"a no time\n"+line(6*s, "a6"))
	b := file(t, "b", gzipped(line(s, "b1")+line(4*s, "b4")+line(5*s, "b5")))
	c := file(t, "c", zstded("c no time\n"+line(2*s, "c2")+line(7*s, "c7")))
	empty := file(t, "empty", "")
	got := replayed(t, replay.Config{Files: []string{a, b, c, empty}})
	// What stands before any time in c comes when its turn has come.
	wantRecords(t, got, "a0", "b1", "c no time", "c2", "a4", "a3 late", "a no time", "b4", "b5", "a6", "c7")
	if got.streams[0] != "a" || got.streams[1] != "b" {
		t.Errorf("streams %q", got.streams)
	}
}

// A thousand files one after the other need no thousand open files.
func TestManyFiles(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for i := range 1000 {
		path := filepath.Join(dir, fmt.Sprint("f", 999-i))
		if err := os.WriteFile(path, []byte(line(time.Duration(999-i)*time.Second, fmt.Sprint(999-i))), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	most := 0
	now := func() time.Time { // it is asked for while the replay runs
		if open, err := os.ReadDir("/proc/self/fd"); err == nil {
			most = max(most, len(open))
		}
		return time.Now()
	}
	got := replayed(t, replay.Config{Files: files, Speed: 1e9, Now: now})
	if len(got.records) != 1000 {
		t.Fatalf("%d records", len(got.records))
	}
	for i, msg := range got.records {
		if msg != fmt.Sprint(i) {
			t.Fatalf("record %d is %q", i, msg)
		}
	}
	if most > 100 {
		t.Errorf("%d files were open at once", most)
	}
}

func TestPace(t *testing.T) {
	s := time.Second
	data := line(0, "0") + line(s, "1") + line(s, "1") + "no time\n" + line(61*s, "61") + line(60*s, "back") + line(62*s, "62") +
		line(-time.Hour, "set back") + line(-time.Hour+s, "on")
	for _, c := range []struct {
		name  string
		speed float64
		idle  time.Duration
		want  []time.Duration
	}{
		{"as recorded", 1, 0, []time.Duration{0, s, s, s, 61 * s, 61 * s, 62 * s, 62 * s, 63 * s}},
		{"ten times", 10, 0, []time.Duration{0, s / 10, s / 10, s / 10, 6100 * time.Millisecond, 6100 * time.Millisecond, 6200 * time.Millisecond, 6200 * time.Millisecond, 6300 * time.Millisecond}},
		{"half", 0.5, 0, []time.Duration{0, 2 * s, 2 * s, 2 * s, 122 * s, 122 * s, 124 * s, 124 * s, 126 * s}},
		{"idle limit", 1, 2 * s, []time.Duration{0, s, s, s, 3 * s, 3 * s, 4 * s, 4 * s, 5 * s}},
		{"idle limit and speed", 10, 2 * s, []time.Duration{0, s / 10, s / 10, s / 10, 2100 * time.Millisecond, 2100 * time.Millisecond, 2200 * time.Millisecond, 2200 * time.Millisecond, 2300 * time.Millisecond}},
		{"at once", 0, 0, make([]time.Duration, 9)},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := file(t, "f", data)
			synctest.Test(t, func(t *testing.T) {
				got := replayed(t, replay.Config{Files: []string{path}, Speed: c.speed, IdleLimit: c.idle})
				if len(got.at) != len(c.want) {
					t.Fatalf("records %q", got.records)
				}
				for i := range c.want {
					if got.at[i] != c.want[i] {
						t.Errorf("record %q came after %v, want %v", got.records[i], got.at[i], c.want[i])
					}
				}
			})
		})
	}
}

// Whoever takes late makes the replay late, and it does not hurry.
func TestPaceLateTaker(t *testing.T) {
	path := file(t, "f", line(0, "0")+line(time.Second, "1")+line(2*time.Second, "2")+line(3*time.Second, "3"))
	synctest.Test(t, func(t *testing.T) {
		s, err := replay.New(replay.Config{Files: []string{path}, Speed: 1, Inbox: 1})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = s.Run(t.Context()) }()
		time.Sleep(time.Minute) // of the bubble's clock
		began := time.Now()
		for i, want := range []time.Duration{0, 0, time.Second, 2 * time.Second} {
			b, err := s.Take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := time.Since(began); got != want || string(b.Records[0].Data)+"\n" != line(time.Duration(i)*time.Second, fmt.Sprint(i)) {
				t.Errorf("record %d, %s, came after %v, want %v", i, b.Records[0].Data, got, want)
			}
			b.Release()
		}
		if _, err := s.Take(t.Context()); !errors.Is(err, stream.ErrClosed) {
			t.Errorf("at the end: %v", err)
		}
	})
}

// The keys of the client: a pause pauses, the speed changes in the middle of a
// pause between records, and skip ends one.
func TestControl(t *testing.T) {
	s := time.Second
	path := file(t, "f", line(0, "0")+line(100*s, "100")+line(200*s, "200")+line(1000*s, "1000")+line(1001*s, "1001"))
	synctest.Test(t, func(t *testing.T) {
		source, err := replay.New(replay.Config{Files: []string{path}, Speed: 1, Location: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = source.Run(t.Context()) }()
		began := time.Now()
		take := func(msg string, want time.Duration) {
			t.Helper()
			b, err := source.Take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer b.Release()
			if got := record.Parse(b.Records[0].Data).Msg; got != msg || time.Since(began) != want {
				t.Errorf("record %q after %v, want %q after %v", got, time.Since(began), msg, want)
			}
			synctest.Wait()
		}
		take("0", 0)
		time.Sleep(40 * s)
		if note := source.Faster(); !strings.Contains(note, "replay 2×") || !strings.Contains(note, "next at 12:01:40") {
			t.Errorf("note %q", note)
		}
		take("100", 40*s+30*s) // 60 s were left, at twice the speed
		time.Sleep(10 * s)
		if note := source.Pause(); !strings.Contains(note, "replay paused · at 2026-03-01 12:01:40") {
			t.Errorf("note %q", note)
		}
		time.Sleep(time.Hour)
		source.Slower()
		source.Pause()
		take("200", 40*s+30*s+10*s+time.Hour+80*s)
		time.Sleep(s)
		source.Skip()
		take("1000", 40*s+30*s+10*s+time.Hour+80*s+s)
		take("1001", 40*s+30*s+10*s+time.Hour+80*s+2*s)
		if note := source.Note(); note != "replay ended · at 2026-03-01 12:16:41" {
			t.Errorf("note %q", note)
		}
		for range 20 {
			source.Faster()
		}
		if note := source.Slower(); !strings.Contains(note, "replay ended") {
			t.Errorf("note %q", note)
		}
	})
}

func TestFromTo(t *testing.T) {
	m := time.Minute
	var data strings.Builder
	for i := range 11 {
		data.WriteString(line(time.Duration(i)*m, fmt.Sprint(i)))
	}
	data.WriteString("no time\n" + line(5*m, "5 late") + line(20*time.Hour, "next day, 08:00"))
	for _, c := range []struct{ from, to, want string }{
		{"", "", "0 1 2 3 4 5 6 7 8 9 10 no time 5 late next day, 08:00"},
		{"2026-03-01T12:03:00Z", "2026-03-01T12:05:00Z", "3 4"},
		{"2026-03-01 12:09", "", "9 10 no time next day, 08:00"},
		{"", "2026-03-01T13:01:00+01:00", "0"},
		{"12:08", "12:09:59.9", "8 9"},
		{"12:10", "07:00", "10 no time"},
		{"08:00", "", "next day, 08:00"},
		{"11:00", "12:01", "0"},
		{"+8m", "+10m", "8 9"},
		{"-19h51m", "-19h50m", "9"},
		{"2026-03-02", "", "next day, 08:00"},
		{"12:05", "12:06", "5 5 late"},
	} {
		for _, pack := range []func(string) string{func(s string) string { return s }, gzipped} {
			config := replay.Config{Files: []string{file(t, "f", pack(data.String()))}, Location: time.UTC}
			var err error
			if c.from != "" {
				if config.From, err = replay.ParseMoment(c.from, time.UTC); err != nil {
					t.Fatal(err)
				}
			}
			if c.to != "" {
				if config.To, err = replay.ParseMoment(c.to, time.UTC); err != nil {
					t.Fatal(err)
				}
			}
			got := replayed(t, config)
			if got.err != nil || strings.Join(got.records, " ") != c.want {
				t.Errorf("from %q to %q: %q, %v, want %q", c.from, c.to, got.records, got.err, c.want)
			}
			if n := uint64(len(got.records)) + got.stats.Skipped; n != 14 {
				t.Errorf("from %q to %q: %d of 14 records are accounted for", c.from, c.to, n)
			}
		}
	}
}

func TestFromToRefused(t *testing.T) {
	for _, text := range []string{"", "noon", "25:00", "5m", "--5m", "+-5m", "2026-13-01", "12:00:61"} {
		if _, err := replay.ParseMoment(text, time.UTC); err == nil {
			t.Errorf("%q is taken for a time", text)
		}
	}
	parse := func(text string) replay.Moment {
		m, err := replay.ParseMoment(text, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	path := file(t, "f", line(0, "0"))
	got := replayed(t, replay.Config{Files: []string{path}, From: parse("12:05"), To: parse("12:04"), Location: time.UTC})
	var wrong *replay.ConfigError
	if !errors.As(got.err, &wrong) || len(got.records) > 0 {
		t.Errorf("records %q, error %v", got.records, got.err)
	}
	got = replayed(t, replay.Config{Files: []string{"-"}, Stdin: stdin(t, line(0, "0")), From: parse("-1m")})
	if got.err == nil || !strings.Contains(got.err.Error(), "give a time") {
		t.Errorf("counted from the end of a pipe: %v", got.err)
	}
	got = replayed(t, replay.Config{Files: []string{file(t, "g", "text\n")}, From: parse("12:00")})
	if got.err == nil {
		t.Errorf("no record has a time: records %q", got.records)
	}
}

func TestStdin(t *testing.T) {
	for name, data := range map[string]string{
		"plain": line(0, "one") + line(time.Second, "two"),
		"gzip":  gzipped(line(0, "one") + line(time.Second, "two")),
		"zstd":  zstded(line(0, "one") + line(time.Second, "two")),
	} {
		t.Run(name, func(t *testing.T) {
			got := replayed(t, replay.Config{Files: []string{"-"}, Stdin: stdin(t, data)})
			wantRecords(t, got, "one", "two")
		})
	}
}

// stdin is a pipe that data comes through byte by byte, as from a slow writer.
func stdin(t *testing.T, data string) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var writing sync.WaitGroup
	writing.Go(func() {
		defer w.Close()
		for i := range len(data) {
			if _, err := w.Write([]byte{data[i]}); err != nil {
				return // it was not read to its end
			}
		}
	})
	t.Cleanup(func() { r.Close(); writing.Wait() })
	return r
}

// A silent pipe does not keep the replay from ending.
func TestStdinInterrupted(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	s, err := replay.New(replay.Config{Files: []string{"-"}, Stdin: r})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	if _, err := w.Write([]byte(line(0, "one"))); err != nil {
		t.Fatal(err)
	}
	b, err := s.Take(ctx)
	if err != nil || len(b.Records) != 1 {
		t.Fatalf("batch %v, error %v", b, err)
	}
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("Run returns %v", err)
	}
}

// Losses that Sluice recorded become gaps for whoever shows them, and stay
// records for everybody else.
func TestGaps(t *testing.T) {
	notice := string(record.AppendNotice(nil, start, record.Warn, "1,203 records of f lost", "stream", "f", "dropped", uint64(1203),
		"unknown", false, "source", "vm-1", "hop", "consolidator", "cause", "reader too slow")) + "\n"
	other := `{"v":0,"name":"app","level":40,"time":"2026-03-01T12:00:00Z","msg":"the \"sluice\" is dry","dropped":5}` + "\n"
	path := file(t, "f", line(0, "one")+notice+other+line(0, "two"))

	got := replayed(t, replay.Config{Files: []string{path}, Gaps: true})
	wantRecords(t, got, "one", `the "sluice" is dry`, "two")
	if len(got.gaps) != 1 || got.gaps[0].Count != 1203 || got.gaps[0].At != 1 || got.gaps[0].Stream != "f" ||
		got.gaps[0].Unknown || got.gaps[0].Source != "vm-1" || got.gaps[0].Hop != "consolidator" || got.gaps[0].Reason != "reader too slow" {
		t.Errorf("gaps %+v", got.gaps)
	}
	got = replayed(t, replay.Config{Files: []string{path}})
	if len(got.records) != 4 || len(got.gaps) != 0 {
		t.Errorf("records %q, gaps %v", got.records, got.gaps)
	}
}

func TestStreamOf(t *testing.T) {
	for file, want := range map[string]string{
		"/var/log/acme.log.zst": "acme",
		"incident":              "incident",
		"tenant+acme.ndjson":    "tenant/acme",

		"tenant+acme-20260301T120000Z.ndjson.zst":    "tenant/acme",
		"tenant+a%2Bb-20260301T120000.123Z.log.gz":   "tenant/a+b",
		"logs/tenant+acme-20260301T120000Z.zst.part": "tenant/acme",
		"web.eu-20260301T120000Z.ndjson":             "web.eu",
		".hidden.log":                                "hidden",
		"100%.log":                                   "100%",
		"-":                                          "replay",
		"\xff.log":                                   "replay",
		"...":                                        "replay",
		"a%1Bb.log":                                  "replay",
		strings.Repeat("x", 300):                     "replay",
	} {
		if got := replay.StreamOf(file); got != want {
			t.Errorf("stream of %q is %q, want %q", file, got, want)
		}
	}
}

// What was read stays as it is until it was handed on, wherever the ends of
// buffers fall.
func TestBufferEnds(t *testing.T) {
	var data strings.Builder
	var want []string
	for i := range 20_000 {
		l := strings.Repeat(string(rune('a'+i%26)), 1+i*7919%400)
		want = append(want, l)
		data.WriteString(l + "\n" + strings.Repeat("\r\n\n", i%3))
	}
	for _, text := range []string{data.String(), zstded(data.String())} {
		got := replayed(t, replay.Config{Files: []string{file(t, "f", text)}, MaxLine: 1000})
		if len(got.lines) != len(want) {
			t.Fatalf("%d lines, want %d", len(got.lines), len(want))
		}
		for i := range want {
			if got.lines[i] != want[i] {
				t.Fatalf("line %d is %q, want %q", i, got.lines[i], want[i])
			}
		}
	}
}
