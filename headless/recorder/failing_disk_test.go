package recorder_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless/internal/script"
	"sluice/headless/recorder"
)

// On a full disk the file is whole up to there, what is in it is what the
// summary says, and the rest is accounted for.
func TestFullDisk(t *testing.T) {
	for _, out := range []string{"out.ndjson", "out.ndjson.gz", "out.ndjson.zst"} {
		for room := 0; room < 12_000; room += 613 {
			d := newMemDisk()
			d.room = room
			source := &play{Source: script.Source{End: script.ErrOver}}
			sent := 0
			rng := rand.New(rand.NewPCG(uint64(room), 0))
			for range 20 {
				var data []string
				for range 10 {
					data = append(data, fmt.Sprintf("%d %x", sent, rng.Uint64()))
					sent++
				}
				source.Batches = append(source.Batches, script.Batch(script.Records("s", data...)))
			}
			left := func() (n int) {
				for _, b := range source.Batches {
					n += len(b.Records)
				}
				return n
			}
			s, err := recorded(t, d, recorder.Config{Source: source, Out: out, Fsync: recorder.FsyncAlways})
			if errors.Is(err, script.ErrOver) {
				continue // there was room
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("%s, room for %d: %v", out, room, err)
			}
			var lines []string
			if len(d.names()) > 0 { // a file of nothing does not stay
				lines = d.lines(t, out)
			}
			lines = told(t, lines, s.Unwritten)
			for i, line := range lines {
				if !strings.HasPrefix(line, fmt.Sprint(i, " ")) {
					t.Fatalf("%s, room for %d: line %d is %q", out, room, i, line)
				}
			}
			if s.Records != uint64(len(lines)) || int(s.Records+s.Unwritten) != sent-left() || s.Unwritten == 0 {
				t.Errorf("%s, room for %d: %d lines and %d taken; the summary is %+v", out, room, len(lines), sent-left(), s)
			}
		}
	}
}

// told takes the last line away where it tells of the full disk. It tells of all that is
// missing.
func told(t *testing.T, lines []string, missing uint64) []string {
	t.Helper()
	last := len(lines) - 1
	if last < 0 || !record.IsLoss([]byte(lines[last])) {
		return lines
	}
	if want := fmt.Sprintf(`"dropped":%d,`, missing); !strings.Contains(lines[last], want) {
		t.Fatalf("the last line is %s, and %d are missing", lines[last], missing)
	}
	return lines[:last]
}

// What arrived before the disk was found to be full is missing, too, also where the end
// of what was gathered finds room again.
func TestFullDiskAndMoreIsThere(t *testing.T) {
	const records, later = 100, 7
	for _, out := range []string{"out.ndjson.gz", "out.ndjson.zst"} {
		attempt := func(room int) (d *memDisk, s *recorder.Summary, err error) {
			synctest.Test(t, func(t *testing.T) {
				d = newMemDisk()
				source := &steps{play: play{Source: script.Source{End: script.ErrOver}}}
				rng := rand.NewChaCha8([32]byte{})
				batch := func(from, to int) *stream.Batch {
					b := &stream.Batch{}
					for n := from; n < to; n++ {
						noise := make([]byte, 6_000) // so that there are several pieces
						rng.Read(noise)
						b.Records = append(b.Records, script.Records("s", fmt.Sprintf("%d %x", n, noise))...)
					}
					return b
				}
				source.next = []step{
					{do: func() { d.have(room) }, batch: batch(0, records)},
					{do: func() { time.Sleep(2 * time.Second) }, batch: batch(records, records+later)},
				}
				s, err = recorded(t, d, recorder.Config{Source: source, Out: out})
			})
			return d, s, err
		}
		_, s, err := attempt(-1)
		if !errors.Is(err, script.ErrOver) || s.Records != records+later {
			t.Fatalf("%v; the summary is %+v", err, s)
		}
		whole := int(s.Stored) * records / (records + later)
		for room := whole - 20_000; room > 20_000; room -= whole / 37 {
			d, s, err := attempt(room)
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("%s, room for %d of %d: %v", out, room, whole, err)
			}
			all := d.lines(t, out)
			lines := told(t, all, s.Unwritten)
			if len(lines) == len(all) || s.Records != uint64(len(lines)) || s.Unwritten == 0 {
				t.Errorf("%s, room for %d of %d: %d lines, of which %d are records; the summary is %+v", out, room, whole, len(all), len(lines), s)
			}
		}
	}
}

// Without power, what was synced is there, in whole lines, however much of the
// rest reached the disk.
func TestPowerCut(t *testing.T) {
	for _, out := range []string{"out.ndjson", "out.ndjson.gz", "out.ndjson.zst"} {
		for _, fsync := range []recorder.Fsync{recorder.FsyncAlways, recorder.FsyncSecond} {
			synctest.Test(t, func(t *testing.T) {
				d := newMemDisk()
				rng := rand.New(rand.NewPCG(uint64(len(out)), uint64(fsync)))
				source := &steps{play: play{Source: script.Source{End: script.ErrOver}}}
				handed := 0
				for range 100 {
					var data []string
					for range 1 + rng.IntN(20) {
						data = append(data, fmt.Sprintf("%d %x", handed, rng.Uint64()))
						handed++
					}
					source.next = append(source.next, step{after: time.Duration(rng.IntN(700)) * time.Millisecond, batch: script.Batch(script.Records("s", data...))})
				}
				cuts := 0
				var cutting sync.Mutex // what syncs and what takes are two goroutines
				cut := func() {
					cutting.Lock()
					defer cutting.Unlock()
					d.mu.Lock()
					f := d.files[out+recorder.PartEnding]
					if f == nil {
						d.mu.Unlock()
						return
					}
					data := slices.Clone(f.data[:f.safe+rng.IntN(len(f.data)-f.safe+1)])
					safe := slices.Clone(f.data[:f.safe])
					d.mu.Unlock()
					if len(safe) == 0 {
						return
					}
					cuts++
					want := wholeLines(t, out, safe)
					got, _ := unpack(out, data)
					if !bytes.HasPrefix(got, []byte(strings.Join(want, "\n")+"\n")) {
						t.Fatalf("what was synced cannot be read back")
					}
					for i, line := range want {
						if !strings.HasPrefix(line, fmt.Sprint(i, " ")) {
							t.Fatalf("line %d is %q", i, line)
						}
					}
				}
				d.synced = cut
				for i := range source.next {
					source.next[i].do = cut
				}
				s, err := recorded(t, d, recorder.Config{Source: source, Out: out, Fsync: fsync})
				if !errors.Is(err, script.ErrOver) {
					t.Fatal(err)
				}
				if cuts < 20 || s.Records != uint64(handed) {
					t.Errorf("%d cuts; %d of %d recorded", cuts, s.Records, handed)
				}
			})
		}
	}
}

// A second after a record came it is synced, whatever else does or does not
// come.
func TestSyncedWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemDisk()
		check := func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			f := d.files["out.ndjson.zst"+recorder.PartEnding]
			if f.safe != len(f.data) || len(wholeLines(t, "x.zst", f.data[:f.safe])) != 1 {
				t.Errorf("after 2 s %d bytes of %d are synced", f.safe, len(f.data))
			}
		}
		source := &steps{play: play{Source: script.Source{End: script.ErrOver}}, next: []step{
			{after: 1500 * time.Millisecond, batch: script.Batch(script.Records("s", "a"))},
			{after: 2 * time.Second, batch: script.Batch(script.Records("s", "b")), do: check},
		}}
		if _, err := recorded(t, d, recorder.Config{Source: source, Out: "out.ndjson.zst"}); !errors.Is(err, script.ErrOver) {
			t.Fatal(err)
		}
	})
}

// After a sync that failed it is unknown what is on the disk: the file does not
// get its name.
func TestSyncFails(t *testing.T) {
	for _, fsync := range []recorder.Fsync{recorder.FsyncAlways, recorder.FsyncSecond} {
		synctest.Test(t, func(t *testing.T) {
			d := newMemDisk()
			d.fault = syscall.EIO
			source := &steps{next: []step{{batch: script.Batch(script.Records("s", "a"))}}}
			_, err := recorded(t, d, recorder.Config{Source: source, Fsync: fsync})
			if !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), `sync "out.ndjson.part"`) {
				t.Errorf("Run returned %v", err)
			}
			if names := d.names(); !slices.Equal(names, []string{"out.ndjson.part"}) {
				t.Errorf("the files are %q", names)
			}
		})
	}
}
