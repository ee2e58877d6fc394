package cli

import (
	"fmt"
	"math"
	"testing"
	"time"

	"sluice/archive"
	"sluice/archive/engine"
	"sluice/archive/service"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
	"sluice/internal/volume"
	"sluice/internal/wait"
	earlier "sluice/tui/before"
	"sluice/tui/rows"
)

// The client's pages of a real archive are all that was published, each record once.
func TestPagesOfARealArchive(t *testing.T) {
	volume.Check(t)
	const records = 5000
	begun := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	ready := make(chan struct{})
	s, err := service.New(service.Config{
		Archive: archive.Config{Source: direct.Config{Consolidators: c.SubscribeAddrs()}, Age: 20 * time.Millisecond},
		Engine:  engine.Config{Store: t.TempDir(), Listen: "127.0.0.1:0"}, Ready: func() { close(ready) },
	})
	if err != nil {
		t.Fatal(err)
	}
	wait.Run(t, s.Run)
	select {
	case <-ready:
	case <-t.Context().Done():
		t.Fatal("the archive is not ready")
	}
	to := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	to.Drain()
	var b []byte
	for i := range records {
		at := begun.Add(time.Duration(i) * time.Second).Format("2006-01-02T15:04:05.000Z")
		b = zmtp.AppendMessage(b, "system", fmt.Appendf(nil, `{"level":30,"time":%q,"msg":"line %d"}`, at, i))
	}
	if _, err := to.Conn.Write(b); err != nil {
		t.Fatal(err)
	}
	client, err := engine.Dial(engine.DialConfig{URLs: []string{s.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	pages := clientArchive(client)
	var progress earlier.Progress
	ask := &earlier.Ask{Streams: []string{"system"}, Begin: rows.Edges{}, Want: records, MaxRows: math.MaxInt, MaxBytes: math.MaxInt64, Progress: &progress}
	wait.For(t, "all to be archived", func() bool {
		f, err := earlier.Older(t.Context(), pages, ask)
		n := 0
		for _, p := range f.Pages {
			n += p.Len()
		}
		return err == nil && n == records
	})

	// Back from the end, page by page.
	next, begin := records, rows.Edges{}
	for all := false; !all; {
		ask.Want, ask.Begin = 700, begin
		f, err := earlier.Older(t.Context(), pages, ask)
		if err != nil {
			t.Fatal(err)
		}
		for k := len(f.Pages) - 1; k >= 0; k-- {
			for i := f.Pages[k].Len() - 1; i >= 0; i-- {
				next--
				wantLine(t, f.Pages[k], i, next)
			}
		}
		begin, all = f.Begin, f.All
	}
	if next != 0 {
		t.Fatalf("the archive begins with line %d", next)
	}

	// Around a time, and on from there to the end.
	older, newer, err := earlier.Around(t.Context(), pages, ask, begun.Add(1000*time.Second))
	if err != nil || older.Pages[len(older.Pages)-1].Len() == 0 {
		t.Fatal(err)
	}
	last := older.Pages[len(older.Pages)-1]
	wantLine(t, last, last.Len()-1, 999)
	for next = 1000; ; {
		for i := range newer.Page.Len() {
			wantLine(t, newer.Page, i, next)
			next++
		}
		if newer.Joined {
			break
		}
		from := begun.Add(time.Duration(next-1) * time.Second)
		if newer, err = earlier.Newer(t.Context(), pages, &earlier.Onward{
			Streams: ask.Streams, After: newer.End, From: from, Want: 700, MaxBytes: math.MaxInt64, Progress: &progress,
		}); err != nil {
			t.Fatal(err)
		}
	}
	if next != records {
		t.Fatalf("it ends with line %d", next-1)
	}
}

func wantLine(t *testing.T, p *rows.Page, i, want int) {
	t.Helper()
	_, data := p.Row(i)
	var at string
	var got int
	if _, err := fmt.Sscanf(string(data), `{"level":30,"time":%q,"msg":"line %d"}`, &at, &got); err != nil || got != want {
		t.Fatalf("row %d is %s, want line %d", i, data, want)
	}
}
