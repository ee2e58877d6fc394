package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A replay is measured at full speed, on a recording of so many records of
// about 240 bytes, into a pipe that cat empties.
const replayedRecords = 1_000_000

// replayed is what one run cost.
type replayed struct{ wall, cpu float64 } // seconds, those of all processes

// replays measures a replay at full speed against what does nothing but read.
func (o options) replays() error {
	dir, err := os.MkdirTemp("", "sluice-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	size, err := writeRecordings(dir)
	if err != nil {
		return err
	}
	otherSize, err := writeOtherRecording(filepath.Join(dir, "other JSON"))
	if err != nil {
		return err
	}
	sluice, err := filepath.Abs(o.sluice)
	if err != nil {
		return err
	}
	fmt.Printf("replay of %d records, %.0f MB, medians of %d rounds; CPU: seconds a GB, of all processes\n\n", replayedRecords, size/1e6, o.rounds)
	fmt.Printf("%-10s %12s %8s %12s %8s   %s\n", "", "sluice MB/s", "CPU", "reader MB/s", "CPU", "rate × reader   CPU × reader")
	for _, f := range []struct {
		name, reader string
		size         float64
	}{{"plain", "cat", size}, {"gzip", "gzip -dc", size}, {"zstd", "zstd -dc", size}, {"other JSON", "cat", otherSize}} {
		path, size := "'"+filepath.Join(dir, f.name)+"'", f.size
		var ours, theirs []replayed
		for range o.rounds {
			r, err := piped("exec "+sluice+" replay --speed max --output raw "+path+" 2>/dev/null", size)
			if err != nil {
				return err
			}
			ours = append(ours, r)
			if r, err = piped(f.reader+" <"+path, size); err != nil {
				return err
			}
			theirs = append(theirs, r)
		}
		mb, gb := size/1e6, size/1e9
		a, b := medianRun(ours), medianRun(theirs)
		fmt.Printf("%-10s %12.0f %8.2f %12.0f %8.2f   %.2f            %.1f\n", f.name, mb/a.wall, a.cpu/gb, mb/b.wall, b.cpu/gb, b.wall/a.wall, a.cpu/b.cpu)
	}
	return nil
}

// piped runs a command into cat, and wants all of the recording from it.
func piped(command string, size float64) (replayed, error) {
	cmd := exec.Command("sh", "-c", "("+command+") | cat | wc -c")
	began := time.Now()
	out, err := cmd.Output()
	wall := time.Since(began)
	if err != nil {
		return replayed{}, fmt.Errorf("run %q: %w", command, err)
	}
	var n float64
	if _, err := fmt.Sscan(string(out), &n); err != nil || n != size {
		return replayed{}, fmt.Errorf("run %q: %.0f bytes came, want %.0f", command, n, size)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	return replayed{wall.Seconds(), cpu.Seconds()}, nil
}

// medianRun is the median of each figure.
func medianRun(all []replayed) (m replayed) {
	pick := func(f func(replayed) float64) float64 {
		v := make([]float64, len(all))
		for i, r := range all {
			v[i] = f(r)
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return replayed{pick(func(r replayed) float64 { return r.wall }), pick(func(r replayed) float64 { return r.cpu })}
}

// writeOtherRecording writes as many records of another logger, zap, and returns their
// size.
func writeOtherRecording(path string) (size float64, err error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriter(file)
	for i := range replayedRecords {
		n, err := fmt.Fprintf(out, `{"level":"info","ts":%d.%03d,"logger":"shop","caller":"server/handler.go:42","msg":"GET /v1/things/%d/items took %d ms","req_id":"%016x","tenant":"acme","status":200,"duration":%d,"path":"/v1/things/%d/items"}`+"\n",
			1772366400+i/1000, i%1000, i, i*7919%1000, uint64(i)*0x9e3779b97f4a7c15, i*7919%1000, i)
		if err != nil {
			return 0, err
		}
		size += float64(n)
	}
	if err := out.Flush(); err != nil {
		return 0, err
	}
	return size, file.Close()
}

// writeRecordings writes one recording, plain and packed, and returns its size.
func writeRecordings(dir string) (size float64, err error) {
	plain, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriter(plain)
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range replayedRecords {
		n, err := fmt.Fprintf(out, `{"v":0,"name":"shop","hostname":"vm-%d","pid":4711,"level":30,"time":%q,"msg":"GET /v1/things/%d/items took %d ms","req_id":"%016x","tenant":"acme","status":200,"duration":%d,"path":"/v1/things/%d/items"}`+"\n",
			i%3, began.Add(time.Duration(i)*time.Millisecond).Format("2006-01-02T15:04:05.000Z"), i, i*7919%1000, uint64(i)*0x9e3779b97f4a7c15, i*7919%1000, i)
		if err != nil {
			return 0, err
		}
		size += float64(n)
	}
	if err := out.Flush(); err != nil {
		return 0, err
	}
	for name, pack := range map[string]func(io.Writer) (io.WriteCloser, error){
		"gzip": func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		"zstd": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	} {
		if _, err := plain.Seek(0, io.SeekStart); err != nil {
			return 0, err
		}
		file, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return 0, err
		}
		packed, err := pack(file)
		if err != nil {
			return 0, err
		}
		if _, err := io.Copy(packed, plain); err != nil {
			return 0, err
		}
		if err := packed.Close(); err != nil {
			return 0, err
		}
		if err := file.Close(); err != nil {
			return 0, err
		}
	}
	return size, plain.Close()
}
