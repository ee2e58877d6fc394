package replay

import "slices"

// merge holds recordings in the order of their next records' times: a heap,
// whose first one comes next. Of equal times the file that was named first
// goes first.
type merge struct {
	heap  []*recording
	order map[*recording]int
}

func newMerge(recordings []*recording) *merge {
	m := &merge{order: make(map[*recording]int, len(recordings))}
	for i, r := range recordings {
		m.order[r] = i
	}
	m.heap = slices.Clone(recordings)
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m
}

// next is the recording whose record comes next; nil when there is none.
func (m *merge) next() *recording {
	if len(m.heap) == 0 {
		return nil
	}
	return m.heap[0]
}

// moved puts the first one where it belongs now.
func (m *merge) moved() { m.down(0) }

// ended takes the first one out.
func (m *merge) ended() {
	last := len(m.heap) - 1
	m.heap[0] = m.heap[last]
	m.heap[last] = nil
	m.heap = m.heap[:last]
	m.down(0)
}

func (m *merge) before(a, b *recording) bool {
	if a.clock != b.clock {
		return a.clock < b.clock
	}
	return m.order[a] < m.order[b]
}

func (m *merge) down(i int) {
	for {
		least := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < len(m.heap) && m.before(m.heap[child], m.heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}
