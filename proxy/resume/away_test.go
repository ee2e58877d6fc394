package resume_test

import (
	"testing"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/proxy/resume"
)

// An absence is shown to whoever had come when it was noted, also if the sources are
// shown to it only then; to no other, and once.
func TestAnAbsenceIsShownToThoseWhoHadCome(t *testing.T) {
	var sources resume.Sources
	sources.Add("vm-1", stream.StateLive)
	before, at := sources.Version(), time.Unix(1_800_000_000, 0)
	sources.SetAway(&stream.Notice{Kind: stream.KindAway, Source: "vm-1", Time: at}, 7)
	now := sources.Version()
	sources.Add("vm-2", stream.StateLive)
	for _, c := range []struct {
		what        string
		after, news uint64
		shown, away int
	}{
		{"had come, and sees the sources for the first time", 0, before, 2, 1},
		{"had come, and has seen the sources", before, before, 2, 1},
		{"came later", 0, now, 2, 0},
		{"was told", now, before, 1, 0},
		{"has read up to there", 0, sources.ToldAt(7), 2, 1},
		{"has read beyond", 0, sources.ToldAt(8), 2, 0},
		{"wants what was since a time before", 0, sources.ToldBy(at.Add(-1)), 2, 1},
		{"wants what was since then", 0, sources.ToldBy(at), 2, 0},
	} {
		shown, away := 0, 0
		sources.Changed(c.after, before, c.news, func(s resume.Source) {
			shown++
			if s.Absence != nil {
				away++
			}
		})
		if shown != c.shown || away != c.away {
			t.Errorf("one who %s is shown %d sources, %d of them away", c.what, shown, away)
		}
	}
}

// Who comes from another log is shown an absence unless it has something that came behind
// it, and nothing of consolidators at which it has no place.
func TestAnAbsenceIsShownToThoseFromElsewhere(t *testing.T) {
	var sources resume.Sources
	sources.Reach("vm-1", loss.Position{Epoch: 9, Seq: 5})
	sources.Reach("vm-2", loss.Position{Epoch: 3, Seq: 5})
	before := sources.Version()
	sources.SetAway(&stream.Notice{Kind: stream.KindAway, Source: "vm-1"}, 7)
	sources.Reach("vm-1", loss.Position{Epoch: 10})
	key := func(consolidator string) uint32 { return httpapi.PositionKey("s", consolidator) }
	for _, c := range []struct {
		what         string
		consolidator string
		at           loss.Position
		told         bool
	}{
		{"stands before it", "vm-1", loss.Position{Epoch: 9, Seq: 4}, true},
		{"stands at it", "vm-1", loss.Position{Epoch: 9, Seq: 5}, true},
		{"has read on in the same epoch", "vm-1", loss.Position{Epoch: 9, Seq: 6}, false},
		{"has read on in the next", "vm-1", loss.Position{Epoch: 10}, false},
		{"stands in an epoch long over", "vm-1", loss.Position{Epoch: 8, Seq: 100}, true},
		{"stands elsewhere alone", "vm-2", loss.Position{Epoch: 3, Seq: 1}, false},
	} {
		for form, want := range map[string]resume.Want{
			"names": {Positions: map[string]loss.Position{c.consolidator: c.at}},
			"keys":  {Key: key, Keys: []httpapi.KeyPosition{{Key: key(c.consolidator), Epoch: c.at.Epoch, Next: c.at.Seq}}},
		} {
			told := false
			sources.Changed(0, before, sources.ToldTo(&want), func(s resume.Source) { told = told || s.Absence != nil })
			if told != c.told {
				t.Errorf("one who %s, by %s: shown is %v", c.what, form, told)
			}
		}
	}
}
