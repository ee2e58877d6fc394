package direct

import (
	"testing"
	"time"

	"sluice/cluster/zmtp"
)

// What a link takes for an absence, by what the consolidators say of themselves to
// which it was connected one after the other, 6 s apart.
func TestAbsence(t *testing.T) {
	at := time.Now()
	for _, tt := range []struct {
		what       string
		then, now  zmtp.Peer
		away, sure bool
	}{
		{"a restart", zmtp.Peer{Name: "vm-1", Run: "a"}, zmtp.Peer{Name: "vm-1", Run: "b"}, true, true},
		{"a break", zmtp.Peer{Name: "vm-1", Run: "a"}, zmtp.Peer{Name: "vm-1", Run: "a"}, false, false},
		{"another at its place", zmtp.Peer{Name: "vm-1", Run: "a"}, zmtp.Peer{Name: "vm-2", Run: "b"}, false, false},
		{"one that does not tell", zmtp.Peer{Name: "vm-1"}, zmtp.Peer{Name: "vm-1"}, true, false},
		{"one that tells now", zmtp.Peer{Name: "vm-1"}, zmtp.Peer{Name: "vm-1", Run: "a"}, true, false},
	} {
		var a absence
		if a.connected(at, tt.then); a.away != 0 || a.sure {
			t.Errorf("%s: the first connection is %+v", tt.what, a)
		}
		a.broke = at.Add(time.Minute)
		a.connected(a.broke.Add(6*time.Second), tt.now)
		if (a.away == 6*time.Second) != tt.away || a.away != 0 != tt.away || a.sure != tt.sure {
			t.Errorf("%s: %+v", tt.what, a)
		}
	}
}

// A standstill is news once, whatever the times on the way are, and only for who was
// there.
func TestStandstillIsNewsOnce(t *testing.T) {
	at := time.Now()
	a := absence{first: at}
	for i, tt := range []struct {
		ended  time.Duration // after the first connection
		lasted time.Duration
		news   bool
	}{
		{-time.Second, time.Hour, false},
		{10 * time.Second, 9 * time.Second, true},
		{10*time.Second + 300*time.Millisecond, 9 * time.Second, false},
		{10*time.Second - 300*time.Millisecond, 9 * time.Second, false},
		{12 * time.Second, 1500 * time.Millisecond, true},
		{12*time.Second + 500*time.Millisecond, 1500 * time.Millisecond, false},
	} {
		if got := a.standstill(at.Add(tt.ended), tt.lasted); got != tt.news {
			t.Errorf("%d: %+v is news: %t", i, tt, got)
		}
	}
}
