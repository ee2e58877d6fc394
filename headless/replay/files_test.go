package replay_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"sluice/cluster/record"
	"sluice/headless/internal/packed"
	"sluice/headless/replay"
)

func TestFormats(t *testing.T) {
	one := line(0, "one") + line(time.Second, "two")
	two := line(2*time.Second, "three")
	for name, data := range map[string]string{
		"plain":                  one + two,
		"gzip":                   packed.Gzip(one + two),
		"gzip of two members":    packed.Gzip(one) + packed.Gzip(two),
		"zstd":                   packed.Zstd(one + two),
		"zstd of two frames":     packed.Zstd(one) + packed.Zstd(two),
		"zstd with skippable":    "\x50\x2a\x4d\x18\x04\x00\x00\x00skip" + packed.Zstd(one+two),
		"no line break at last":  one + strings.TrimSuffix(two, "\n"),
		"carriage returns":       strings.ReplaceAll(one+two, "\n", "\r\n"),
		"empty lines":            "\n\n" + one + "\r\n\n" + two,
		"a byte order mark":      "\xef\xbb\xbf" + one + two,
		"an empty gzip before":   packed.Gzip("") + packed.Gzip(one+two),
		"a line over two frames": packed.Zstd(one[:50]) + packed.Zstd(one[50:]+two),
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
// find in it, and reports that something is missing.
func TestCutShort(t *testing.T) {
	var text strings.Builder
	for i := range 40 {
		text.WriteString(line(time.Duration(i)*time.Second, fmt.Sprint("record ", i)))
	}
	whole := text.String()
	half := strings.Index(whole[len(whole)/2:], "\n") + len(whole)/2 + 1
	for name, data := range map[string]string{
		"plain": whole,
		"gzip":  packed.Gzip(whole[:half]) + packed.Gzip(whole[half:]),
		"zstd":  packed.Zstd(whole[:half]) + packed.Zstd(whole[half:]),
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
	data := []byte(packed.Zstd(line(0, "one")))
	data[len(data)-1] ^= 0xff // the checksum
	path := file(t, "broken", packed.Zstd(line(0, "zero"))+string(data))
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

// Losses that Sluice recorded become gaps for readers that show them, and stay
// records for everybody else.
func TestGaps(t *testing.T) {
	notice := string(record.AppendNotice(nil, start, record.Warn, "1,203 records of f lost", "stream", "f", "dropped", uint64(1203),
		"unknown", false, "source", "vm-1", "hop", "consolidator", "cause", "reader too slow", record.NoticeKey, record.NoticeDropped)) + "\n"
	forged := `{"v":0,"name":"sluice","level":40,"time":"2026-03-01T12:00:00Z","msg":"forged","stream":"f","dropped":5,"cause":"none"}` + "\n"
	other := `{"v":0,"name":"app","level":40,"time":"2026-03-01T12:00:00Z","msg":"the \"sluice\" is dry","dropped":5}` + "\n"
	path := file(t, "f", line(0, "one")+notice+other+forged+line(0, "two"))

	got := replayed(t, replay.Config{Files: []string{path}, Gaps: true})
	wantRecords(t, got, "one", `the "sluice" is dry`, "forged", "two")
	if len(got.gaps) != 1 || got.gaps[0].Count != 1203 || got.gaps[0].At != 1 || got.gaps[0].Stream != "f" ||
		got.gaps[0].Unknown || got.gaps[0].Source != "vm-1" || got.gaps[0].Hop != "consolidator" || got.gaps[0].Reason != "reader too slow" {
		t.Errorf("gaps %+v", got.gaps)
	}
	got = replayed(t, replay.Config{Files: []string{path}})
	if len(got.records) != 5 || len(got.gaps) != 0 {
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
	for _, text := range []string{data.String(), packed.Zstd(data.String())} {
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
