package replay_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/headless/internal/packed"
	"sluice/headless/replay"
	"sluice/headless/unpack"
)

// Whatever a file holds: reading it ends, fails nobody, hands on no line that is
// longer than the limit, and, of plain text, every line.
func FuzzReplay(f *testing.F) {
	text := line(0, "one") + "two\r\n\n" + strings.Repeat("x", 300) + "\n" + line(1e9, "three")
	for _, data := range []string{
		text, packed.Gzip(text), packed.Zstd(text), packed.Gzip(text) + packed.Gzip("a\nb"), packed.Zstd("a") + packed.Zstd("b\n"), text[:len(text)-9],
		packed.Gzip(text)[:80], packed.Zstd(text)[:80], "\xef\xbb\xbfa\n", "\x00\x00\x00", "{\n{", line(0, "a") + line(-56*year, "b") + "c\n" + line(1e9, "d") + line(40*year, "e") + line(2e9, "f"), "a" + strings.Repeat("\x00", 20) + "{}\n\xef\xbb\xbf{}\n", "\x1f\x8b", marked("s:a", "tenant/t:b", "s:c"), "\x28\xb5\x2f\xfd", "",
	} {
		f.Add([]byte(data))
	}
	const limit = 200
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			return
		}
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		got := replayed(t, replay.Config{Files: []string{path}, MaxLine: limit, Gaps: true})
		for _, l := range got.lines {
			if len(l) > limit || l == "" || strings.Contains(l, "\n") {
				t.Fatalf("line %q", l)
			}
		}
		if got.stats.Read > int64(len(data)) {
			t.Errorf("read %d of %d bytes", got.stats.Read, len(data))
		}
		if !unpack.Detect(data).Text() {
			return
		}
		var holes unpack.Holes
		text := string(holes.Append(nil, data))
		var want []string
		cut := uint64(0)
		seen, marks := false, false
		lines := strings.Split(text, "\n")
		for i, l := range lines {
			if len(l) > limit {
				l = l[:limit]
				cut++
			}
			l = strings.TrimSuffix(string(unpack.TrimMark([]byte(l))), "\r")
			short := i == len(lines)-1 && strings.HasPrefix(strings.TrimLeft(l, " \t"), "{")
			if l == "" {
				continue
			}
			if stream, ok := record.ParseStreamMark([]byte(l)); ok && names.Check(stream) == nil && (marks || !seen) {
				seen, marks = true, true
				continue
			}
			seen = true
			if !short {
				want = append(want, l)
			}
		}
		gaps := 0
		for _, g := range got.gaps {
			if g.Hop != "recording" {
				gaps++ // a line about a loss
			}
		}
		if len(got.lines)+gaps < len(want) || len(got.lines)+gaps > len(want)+1 || got.stats.Cut != cut {
			t.Errorf("%d lines and %d gaps, %d cut, want %d lines, %d cut", len(got.lines), gaps, got.stats.Cut, len(want), cut)
		}
		if gaps == 0 {
			for i := range want {
				if got.lines[i] != want[i] {
					t.Fatalf("line %d is %q, want %q", i, got.lines[i], want[i])
				}
			}
		}
	})
}
