package live_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
	"sluice/proxy/live"
)

// answered is all of an answer, in pieces of a size.
func answered(a *live.Answer, size int) (text []byte) {
	for more := true; more; {
		var piece []byte
		piece, more = a.Next(size)
		text = append(text, piece...)
	}
	return text
}

// An answer is the JSON of its page, whatever the size of its pieces.
func TestAnAnswerInPieces(t *testing.T) {
	s := &source{}
	s.become("a", "b <&> \u2028", "c/d", "c/e", "c/f", "d")
	l := live.New(s)
	odd := func(name string) bool { return len(name)%2 == 1 }
	for _, p := range []live.Page{{}, {Prefix: "c/"}, {Limit: 2}, {Limit: 6}, {After: "c/d", Limit: 1}, {Prefix: "x"}} {
		for _, opens := range []func(string) bool{nil, odd} {
			want := httpapi.StreamsEvent{Streams: []httpapi.LiveEvent{}}
			for _, s := range []string{"a", "b <&> \u2028", "c/d", "c/e", "c/f", "d"} {
				if !strings.HasPrefix(s, p.Prefix) || s <= p.After || opens != nil && !opens(s) {
					continue
				}
				if p.Limit > 0 && len(want.Streams) == p.Limit {
					want.Next = want.Streams[p.Limit-1].Name
					break
				}
				want.Streams = append(want.Streams, httpapi.LiveEvent{Name: s, Rate: 1})
			}
			for _, size := range []int{1, 7, 100, 1 << 20} {
				text := answered(l.Answer(p, opens), size)
				var got httpapi.StreamsEvent
				if err := json.Unmarshal(text, &got); err != nil || got.Next != want.Next || !slices.Equal(got.Streams, want.Streams) {
					t.Errorf("page %+v in pieces of %d: %v, %s, want %+v", p, size, err, text, want)
				}
			}
		}
	}
}

// A reader is told what is news to it: of another list, and of another page.
func TestWhatIsNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		s.become("a", "b", "c")
		l := live.New(s)
		pages := []live.Page{{}, {Prefix: "b"}, {Limit: 2}}
		seen := make([]live.Seen, len(pages))
		news := func() (which string) {
			time.Sleep(live.Every)
			for i, p := range pages {
				if l.Answer(p, nil).News(&seen[i]) {
					which += fmt.Sprint(i)
				}
			}
			return which
		}
		for i, c := range []struct {
			change func()
			want   string
		}{
			{func() {}, "012"},
			{func() {}, ""},
			{func() { s.streams["c"] = stream.Live{Name: "c", Rate: 2} }, "0"},
			{func() { s.streams["b"] = stream.Live{Name: "b", Rate: 2} }, "012"},
			{func() { delete(s.streams, "c") }, "02"}, // the page has no next
			{func() { delete(s.streams, "b") }, "012"},
			{func() {}, ""},
		} {
			c.change()
			if got := news(); got != c.want {
				t.Errorf("step %d is news to %q, want %q", i, got, c.want)
			}
		}
	})
}
