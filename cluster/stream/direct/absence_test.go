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
		told   time.Duration // after the first connection
		ago    time.Duration
		lasted time.Duration
		cut    bool // the connection is another one from here on
		news   bool
	}{
		{0, time.Second, time.Hour, false, false},
		// However long this was on its way: it had ended when we connected.
		{20 * time.Millisecond, time.Millisecond, 1500 * time.Millisecond, false, false},
		{10 * time.Second, 0, 9 * time.Second, false, true},
		{10*time.Second + 400*time.Millisecond, 100 * time.Millisecond, 9 * time.Second, true, false},
		{12 * time.Second, 2300 * time.Millisecond, 9 * time.Second, false, false},
		{12 * time.Second, 0, 1500 * time.Millisecond, false, true},
		{13 * time.Second, 500 * time.Millisecond, 1500 * time.Millisecond, true, false},
		{19 * time.Second, time.Second, 3 * time.Second, true, true},
	} {
		if tt.cut {
			a.broke = at.Add(tt.told)
		}
		if got := a.standstill(at.Add(tt.told), zmtp.Still{Lasted: tt.lasted, Ago: tt.ago}); got != tt.news {
			t.Errorf("%d: %+v is news: %t", i, tt, got)
		}
	}
	// Told again over a second connection, it is not news for who came later.
	a = absence{first: at}
	a.standstill(at, zmtp.Still{Lasted: 6 * time.Second, Ago: time.Millisecond})
	a.broke = at.Add(time.Second)
	if a.standstill(at.Add(2*time.Second), zmtp.Still{Lasted: 6 * time.Second, Ago: 1990 * time.Millisecond}) {
		t.Error("what ended before the first connection is news over the second")
	}
}
