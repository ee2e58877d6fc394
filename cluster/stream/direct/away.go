package direct

import (
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
)

// absence is what a link knows of the times in which its consolidator took nothing
// from its publishers. It is guarded by link.mu.
type absence struct {
	first time.Time     // when the link was connected first
	broke time.Time     // when its last connection ended; zero while there was none
	away  time.Duration // how long the consolidator was away before the present connection, if it was restarted; 0 if it was not, or another one is at its place
	sure  bool          // it was restarted: it says so
	name  string        // of the consolidator, and its run, as it told last
	run   string
	stood time.Time // when the standstill that was reported last had ended
}

// connected notes that there is a connection again.
func (a *absence) connected(now time.Time, peer zmtp.Peer) {
	a.away, a.sure = 0, false
	if a.first.IsZero() {
		a.first = now
	}
	told := peer.Run != "" && a.run != ""
	if !a.broke.IsZero() && peer.Name == a.name && !(told && peer.Run == a.run) {
		a.away, a.sure = now.Sub(a.broke), told
	}
	a.name, a.run = peer.Name, peer.Run
}

// sameStandstill is how far apart two reports of one standstill may seem to be: by
// the time that they were on their way.
const sameStandstill = 5 * time.Second

// standstill reports whether one that it is told of now is news. One from before this
// reader came is none, nor is one that was reported over a connection before this one.
func (a *absence) standstill(now time.Time, s zmtp.Still) bool {
	ended := now.Add(-s.Ago)
	// What is found while we are connected ended 0 ms ago; all else is told to whoever
	// connects. How long a report was on its way is not known, so times decide nothing
	// that lies close together.
	before := a.broke.IsZero() && s.Ago > 0 || ended.Before(a.first)
	if !a.stood.IsZero() && ended.Sub(a.stood) < min(sameStandstill, s.Lasted) {
		return false
	}
	a.stood = ended
	return !before
}

// restarted reports, once for each connection, that the consolidator was away, if it
// was restarted: by its own word or, if it has none, since an epoch is new (anew). A
// break of the connection alone says nothing about publishers.
func (r *reading) restarted(anew bool) error {
	r.l.mu.Lock()
	away, sure := r.l.absence.away, r.l.absence.sure
	r.l.mu.Unlock()
	if r.toldAway || away == 0 || !sure && !anew {
		return nil
	}
	r.toldAway = true
	return r.away(away, false)
}

// stoodStill reports what the consolidator has found of itself.
func (r *reading) stoodStill(data []byte) error {
	still, err := zmtp.ParseStill(data)
	if err != nil {
		return err
	}
	r.l.mu.Lock()
	news := r.l.absence.standstill(time.Now(), still)
	r.l.mu.Unlock()
	if !news {
		return nil
	}
	return r.away(still.Lasted, true)
}

// away hands on a notice that concerns all streams.
func (r *reading) away(d time.Duration, stood bool) error {
	if err := r.flush(); err != nil {
		return err
	}
	return r.l.d.out.PutState(stream.Notice{
		Kind: stream.KindAway, Time: time.Now(), Source: r.name, Away: d, Stood: stood,
	})
}
