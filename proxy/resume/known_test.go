package resume_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/proxy/resume"
)

// row is what is numbered, as a model has it that looks at everything each time.
type row struct {
	number uint64
	name   string
	epoch  uint64
	state  stream.State
}

type rows struct {
	all  []row
	last uint64
}

func (m *rows) has(name string) bool {
	return slices.ContainsFunc(m.all, func(r row) bool { return r.name == name })
}

func (m *rows) add(name string, epoch uint64) {
	m.last++
	m.all = append(m.all, row{m.last, name, epoch, stream.StateConnecting})
}

func (m *rows) state(name string, state stream.State, known []string) {
	has := m.has(name)
	var keep []row
	for _, r := range m.all {
		switch {
		case r.epoch != 0 || slices.Contains(known, r.name):
		case has || !slices.Contains(known, name):
			continue
		default:
			has, r.name = true, name
		}
		keep = append(keep, r)
	}
	m.all = keep
	for _, other := range slices.Sorted(slices.Values(known)) {
		if !m.has(other) {
			m.add(other, 0)
		}
	}
	for i := range m.all {
		if m.all[i].name == name {
			m.all[i].state = state
		}
	}
}

// reach is that reading begins in an epoch.
func (m *rows) reach(name string, epoch uint64) {
	newest := -1
	for i, r := range m.all {
		if r.name == name {
			newest = i
			if r.epoch == epoch {
				return
			}
		}
	}
	switch {
	case newest < 0:
		m.add(name, epoch)
	case m.all[newest].epoch == 0:
		m.all[newest].epoch = epoch
	default:
		m.add(name, epoch)
		m.all[len(m.all)-1].state = m.all[newest].state
	}
}

// Consolidators come, go and are reached in any order: the numbers are given as if all
// were looked at with each word of one of them.
func TestNumbersOfConsolidatorsThatComeAndGo(t *testing.T) {
	states := []stream.State{stream.StateConnecting, stream.StateLive, stream.StateLost}
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var s resume.Sources
		var m rows
		var known *resume.Known
		there := []string{"vm-1", "vm-2"}
		for step := range 40 {
			name := fmt.Sprint("vm-", rnd.IntN(8))
			switch rnd.IntN(6) {
			case 0:
				if i := slices.Index(there, name); i >= 0 {
					there = slices.Delete(there, i, i+1)
				} else {
					there = append(there, name)
				}
			case 1:
				epoch := uint64(1 + rnd.IntN(3))
				s.Reach(name, loss.Position{Epoch: epoch, Seq: 1})
				m.reach(name, epoch)
			default:
				var all []stream.Status
				rnd.Shuffle(len(there), func(i, j int) { there[i], there[j] = there[j], there[i] })
				for _, one := range there {
					all = append(all, stream.Status{Name: one, State: states[rnd.IntN(3)]})
				}
				if known = known.Renew(all); rnd.IntN(8) == 0 && len(m.all) == 0 {
					s.Meet(all, known)
					for _, one := range all {
						m.state(one.Name, one.State, there)
					}
					break
				}
				state := states[rnd.IntN(3)]
				s.SetState(name, state, known)
				m.state(name, state, there)
			}
			var got []row
			s.Changed(0, 0, 0, func(r resume.Source) { got = append(got, row{r.Number, r.Consolidator, r.Epoch, r.State}) })
			if !slices.Equal(got, m.all) {
				t.Fatalf("seed %d, step %d: the sources are %v, want %v", seed, step, got, m.all)
			}
			origins := s.Origins()
			for _, r := range got {
				if origins[r.number] != (resume.Origin{Consolidator: r.name, Epoch: r.epoch}) || len(origins) != len(got) {
					t.Fatalf("seed %d, step %d: the origins are %v, of %v", seed, step, origins, got)
				}
			}
		}
	}
}

// Names are renewed when they have changed, and only then: whoever knows them already
// need not compare them.
func TestNamesAreRenewedWhenTheyHaveChanged(t *testing.T) {
	of := func(names ...string) (all []stream.Status) {
		for _, n := range names {
			all = append(all, stream.Status{Name: n})
		}
		return all
	}
	var none *resume.Known
	first := none.Renew(of("b", "a"))
	if none.Has("a") || !first.Has("a") || !first.Has("b") || first.Has("c") {
		t.Error("it does not know who is there")
	}
	if first.Renew(of("a", "b")) != first {
		t.Error("the same names in another order are others")
	}
	for _, other := range [][]string{{"a"}, {"a", "a"}, {"a", "c"}, {"a", "b", "c"}, nil} {
		if first.Renew(of(other...)) == first {
			t.Errorf("%q are taken for a and b", other)
		}
	}
}
