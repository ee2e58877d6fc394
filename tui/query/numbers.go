package query

import (
	"math/bits"
	"sort"

	"sluice/tui/rows"
)

// numbers is the numbers of the records that pass a test: a bit for each record
// of a block in which any does. The zero numbers is empty.
type numbers struct {
	base   uint64 // the block of the first sheet
	sheets []sheet
	total  int
	sums   []int // numbers before each sheet; nil when it must be made again
}

type sheet struct {
	hits *blockHits // nil: none
	n    int
}

// blockHits has a bit for each record of a block.
type blockHits [rows.BlockLen / 64]uint64

func (m *blockHits) set(i int) { m[i/64] |= 1 << (i % 64) }

func (m *blockHits) count() (n int) {
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

// sheet returns a block's sheet, which may be empty.
func (f *numbers) sheet(block uint64) *sheet {
	if len(f.sheets) == 0 {
		f.base = block
	}
	if block < f.base {
		// Room for as many again, so that going back block by block is cheap.
		grow := max(f.base-block, min(uint64(len(f.sheets)), f.base))
		f.sheets = append(make([]sheet, grow, int(grow)+len(f.sheets)), f.sheets...)
		f.base -= grow
	}
	for block >= f.base+uint64(len(f.sheets)) {
		f.sheets = append(f.sheets, sheet{})
	}
	return &f.sheets[block-f.base]
}

// add adds one number.
func (f *numbers) add(n uint64) {
	p := f.sheet(n / rows.BlockLen)
	if p.hits == nil {
		p.hits = new(blockHits)
	}
	i := int(n % rows.BlockLen)
	if p.hits[i/64]&(1<<(i%64)) == 0 {
		p.hits.set(i)
		p.n++
		f.total++
		f.sums = nil
	}
}

// addBlock adds the numbers of a block. It may keep m.
func (f *numbers) addBlock(block uint64, m *blockHits) {
	n := m.count()
	if n == 0 {
		return
	}
	p := f.sheet(block)
	if p.hits != nil {
		for i, w := range p.hits {
			m[i] |= w
		}
		n = m.count()
	}
	f.total += n - p.n
	*p = sheet{m, n}
	f.sums = nil
}

// trim forgets the numbers below n.
func (f *numbers) trim(n uint64) {
	for len(f.sheets) > 0 && (f.base+1)*rows.BlockLen <= n {
		f.total -= f.sheets[0].n
		f.sheets[0] = sheet{}
		f.sheets = f.sheets[1:]
		f.base++
		f.sums = nil
	}
	if len(f.sheets) == 0 || f.base*rows.BlockLen >= n || f.sheets[0].n == 0 {
		return
	}
	p := &f.sheets[0]
	i := int(n % rows.BlockLen)
	before := p.n
	clear(p.hits[:i/64])
	p.hits[i/64] &^= 1<<(i%64) - 1
	if p.n = p.hits.count(); p.n != before {
		f.total += p.n - before
		f.sums = nil
	}
}

func (f *numbers) sum() {
	if f.sums != nil {
		return
	}
	f.sums = make([]int, len(f.sheets))
	n := 0
	for i := range f.sheets {
		f.sums[i] = n
		n += f.sheets[i].n
	}
}

// at returns the i-th number, the lowest first; i is below total.
func (f *numbers) at(i int) uint64 {
	f.sum()
	k := sort.Search(len(f.sums), func(k int) bool { return f.sums[k] > i }) - 1
	i -= f.sums[k]
	for w, word := range f.sheets[k].hits {
		if n := bits.OnesCount64(word); i >= n {
			i -= n
			continue
		}
		for ; i > 0; i-- {
			word &= word - 1
		}
		return (f.base+uint64(k))*rows.BlockLen + uint64(w*64+bits.TrailingZeros64(word))
	}
	panic("a number that was numbers is not there")
}

// has reports whether a number is there.
func (f *numbers) has(n uint64) bool {
	k := n/rows.BlockLen - f.base // large when it is below the base
	if k >= uint64(len(f.sheets)) || f.sheets[k].hits == nil {
		return false
	}
	i := int(n % rows.BlockLen)
	return f.sheets[k].hits[i/64]&(1<<(i%64)) != 0
}

// block is the numbers of a block; nil: there are none.
func (f *numbers) block(n uint64) *blockHits {
	if k := n - f.base; n >= f.base && k < uint64(len(f.sheets)) {
		return f.sheets[k].hits
	}
	return nil
}

// ord returns how many numbers are below n.
func (f *numbers) ord(n uint64) int {
	block := n / rows.BlockLen
	if len(f.sheets) == 0 || block < f.base {
		return 0
	}
	k := int(block - f.base)
	if k >= len(f.sheets) {
		return f.total
	}
	f.sum()
	ord := f.sums[k]
	if m := f.sheets[k].hits; m != nil {
		i := int(n % rows.BlockLen)
		for _, w := range m[:i/64] {
			ord += bits.OnesCount64(w)
		}
		ord += bits.OnesCount64(m[i/64] & (1<<(i%64) - 1))
	}
	return ord
}

// each yields the numbers from n on, until yield returns false.
func (f *numbers) each(n uint64, yield func(uint64) bool) {
	for k := range f.sheets {
		block := f.base + uint64(k)
		if f.sheets[k].n == 0 || (block+1)*rows.BlockLen <= n {
			continue
		}
		for w, word := range f.sheets[k].hits {
			for ; word != 0; word &= word - 1 {
				m := block*rows.BlockLen + uint64(w*64+bits.TrailingZeros64(word))
				if m >= n && !yield(m) {
					return
				}
			}
		}
	}
}
