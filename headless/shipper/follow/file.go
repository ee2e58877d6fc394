package follow

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"sluice/headless/unpack"
)

// printSize is how many bytes are compared, at the beginning and before the place
// that was read to, to notice that a file is no longer what it was.
const printSize = 256

// settled is how old a time of writing must be for a later writing to have
// another one: file systems count in ticks of some milliseconds.
const settled = time.Second

// File is a file that a followed name had, open. Its methods may be called while
// Names samples its size; Read belongs to one goroutine.
type File struct {
	id    ID
	path  string // it was opened by
	owner *Name
	file  *os.File
	wd    int // of its watch; 0 is none

	instead time.Time // when it was taken for the file of a tenure that is gone; guarded by Names.mu

	named atomic.Int32 // how many followed names lead to it

	mu       sync.Mutex
	offset   int64 // of what is read next
	seen     int64 // its size when somebody looked
	unread   int64 // of the bytes behind offset then, those that are no hole
	links    uint64
	stamp    int64           // when it was written to, when somebody looked
	head     [printSize]byte // the first bytes of the file, as far as they were there
	heads    int             // how many of them
	tail     [printSize]byte // the bytes before offset
	tails    int             // how many of them
	verified int64           // the stamp at which the tail was found unchanged
	probed   bool
	cut      *Truncated // not told to the reader yet
	cutAt    time.Time  // when that was noticed last
	reserved bool       // it has room for what is not written yet
	blank    bool       // it was empty when it came, or when it was opened
	empty    empty
}

// Truncated is what File.Read returns once for all truncations that were noticed
// since the last time.
type Truncated struct {
	Times  int   // that were noticed
	Lost   int64 // bytes that were not read and are gone for certain: the true number may be higher, and is unknown
	Unseen int   // of the Times: the file was empty before and after, and whether anything was written to it is unknown
	Anew   bool  // what is read next is the beginning; otherwise the place is what it was
}

func (t *Truncated) Error() string {
	return fmt.Sprintf("truncated with at least %d bytes unread", t.Lost)
}

// Path is the path by which the file was opened.
func (f *File) Path() string { return f.path }

// Current reports whether a followed name leads to the file, as far as is known.
func (f *File) Current() bool { return f.named.Load() > 0 }

// Deleted reports whether no name at all led to the file when its size was asked
// for last.
func (f *File) Deleted() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.links == 0
}

// Offset is where the next Read reads, in bytes.
func (f *File) Offset() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.offset
}

// Head is the first bytes of the file, n at most; none if it cannot be read.
func (f *File) Head(n int) []byte {
	head := make([]byte, n)
	got, _ := f.file.ReadAt(head, 0)
	return head[:got]
}

// SkipToEnd makes the next Read read what comes after what is there now.
func (f *File) SkipToEnd() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.look() == nil {
		f.moveTo(f.seen)
	}
}

// moveTo makes a place the next to be read, and knows what stands before it. It
// reports whether that could be read. f.mu is held.
func (f *File) moveTo(offset int64) bool {
	n := min(offset, printSize)
	if _, err := f.file.ReadAt(f.tail[:n], offset-n); err != nil && (n > 0 || !errors.Is(err, io.EOF)) {
		return n == 0
	}
	f.offset, f.tails, f.verified = offset, int(n), 0
	return true
}

// Size looks how large the file is, in bytes.
func (f *File) Size() (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.look()
	return f.seen, err
}

// look takes notice of the size. f.mu is held.
func (f *File) look() error {
	for range 10 { // or whatever comes next is noticed the next time
		if f.heads < printSize {
			f.sample()
		}
		s, err := statFile(f.file)
		if err != nil {
			return err
		}
		f.links, f.stamp, f.reserved = s.links, s.stamp, s.size == 0 && s.backed > 0
		if s.size < f.offset || !f.unchanged() {
			f.begin(f.unread)
			f.seen, f.unread = 0, 0
			continue
		}
		if f.blank && s.size > 0 && f.heads > 0 {
			if f.blank = false; f.head[0] == 0 {
				f.unseen() // its writer goes on behind what was truncated
			}
		}
		// The same stood in it before and after it had this size: so much of it
		// is unread.
		if s.size < f.seen {
			f.noticed(min(f.unread, f.seen-s.size))
		}
		f.seen, f.unread = s.size, max(0, min(s.size-f.offset, s.backed))
		if f.heads > 0 || s.size == 0 {
			break
		}
	}
	return nil
}

// sample keeps what stands at the beginning of the file. f.mu is held.
func (f *File) sample() {
	var now [printSize]byte
	if n, _ := f.file.ReadAt(now[:], 0); n >= f.heads && bytes.Equal(now[:f.heads], f.head[:f.heads]) {
		f.heads = copy(f.head[:], now[:n])
	} // otherwise it has changed, which is found
}

// noticed notes a truncation. f.mu is held.
func (f *File) noticed(lost int64) {
	if f.cut == nil {
		f.cut = &Truncated{}
	}
	f.cut.Times++
	f.cutAt, f.blank = time.Now(), false
	f.cut.Lost += max(0, lost)
}

// begin begins anew, after a truncation. f.mu is held.
func (f *File) begin(lost int64) {
	f.noticed(lost)
	f.cut.Anew = true
	f.offset, f.heads, f.tails, f.verified = 0, 0, 0, 0
}

// unchanged reports whether what was read last, and what stood at the beginning,
// is still there. f.mu is held.
func (f *File) unchanged() bool {
	if f.verified == f.stamp && f.stamp != 0 {
		return true
	}
	first := f.heads
	if f.offset > 0 {
		first = int(min(int64(first), f.offset)) // the rest may have been cut off
	}
	if !f.stands(f.head[:first], 0) || !f.stands(f.tail[:f.tails], f.offset-int64(f.tails)) {
		return false
	}
	f.verified = 0
	if time.Since(time.Unix(0, f.stamp)) > settled {
		f.verified = f.stamp
	}
	return true
}

// stands reports whether a text stands at an offset.
func (f *File) stands(text []byte, at int64) bool {
	var now [printSize]byte
	n, _ := f.file.ReadAt(now[:len(text)], at)
	return bytes.Equal(now[:n], text)
}

// Read reads what comes next, up to a limit of the file's size. At the limit, or
// the end, it returns io.EOF; a *[Truncated] when the file was truncated.
func (f *File) Read(p []byte, limit int64) (n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.look(); err != nil {
		return 0, err
	}
	if err := f.told(); err != nil {
		return 0, err
	}
	if limit = min(limit, f.seen); f.seen == 0 && !f.probed {
		limit = int64(len(p)) // some files do not say that they have a size
	}
	f.probed = true
	if f.offset < limit {
		n, err = f.file.ReadAt(p[:min(int64(len(p)), limit-f.offset)], f.offset)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
	}
	// Looked at after the reading, so that nothing is taken from a file that is
	// no longer the one of which the beginning was read.
	if n == 0 {
		return 0, io.EOF
	}
	if f.verified = 0; !f.unchanged() {
		f.begin(f.unread)
		f.seen, f.unread = 0, 0
		return 0, f.told()
	}
	f.remember(p[:n])
	f.offset += int64(n)
	f.unread = max(0, f.unread-int64(n))
	return n, nil
}

// SkipHole passes over zero bytes that come next and take no room, up to a limit of
// the file's size, and returns how many.
func (f *File) SkipHole(limit int64) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.look() != nil || f.cut != nil {
		return 0
	}
	n := unpack.NextData(f.file, f.offset, min(limit, f.seen)) - f.offset
	if n <= 0 {
		return 0
	}
	var zeros [printSize]byte
	f.remember(zeros[:min(n, printSize)])
	f.offset += n
	return n
}

// told returns the truncations that the reader does not know of yet. f.mu is held.
func (f *File) told() error {
	if f.cut == nil {
		return nil
	}
	cut := f.cut
	f.cut = nil
	return cut
}

// remember keeps the last bytes that were read. f.mu is held.
func (f *File) remember(data []byte) {
	if len(data) >= printSize {
		f.tails = copy(f.tail[:], data[len(data)-printSize:])
		return
	}
	keep := min(f.tails, printSize-len(data))
	copy(f.tail[:], f.tail[f.tails-keep:f.tails])
	f.tails = keep + copy(f.tail[keep:], data)
}

// Place is where a file was read to: what is kept of it when it is closed.
type Place struct {
	ID
	Name   string `json:"name"`            // the followed name, an absolute path
	Offset int64  `json:"offset"`          // bytes
	Print  string `json:"print,omitempty"` // of the bytes before it
	Done   bool   `json:"done,omitempty"`  // it had lost the name and was read to its end: it may be gone
	Told   bool   `json:"told,omitempty"`  // it came while nobody followed, and may never have had the name: that was told, and it is not read
}

// Place returns a place in the file; an offset below 0 means what is read next.
func (f *File) Place(offset int64) Place {
	f.mu.Lock()
	defer f.mu.Unlock()
	if offset < 0 {
		offset = f.offset
	}
	p := Place{ID: f.id, Name: f.owner.label(), Offset: offset}
	p.Print, _ = f.print(offset)
	_ = f.look() // a file that cannot be asked is what it was
	if f.cut != nil && f.cut.Anew {
		p.Offset, p.Print = 0, "" // that was before the truncation, of which the reader does not know yet
	}
	return p
}

// Cut returns the truncations that Read has not told of yet; nil is none.
func (f *File) Cut() *Truncated {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.look()
	f.explain(0)
	cut := f.cut
	f.cut = nil
	return cut
}

// print is a fingerprint of the bytes before an offset: of the first and the last
// of them. f.mu is held.
func (f *File) print(offset int64) (string, error) {
	n := min(offset, printSize)
	if n == 0 {
		return "", nil
	}
	var text [2 * printSize]byte
	_, err1 := f.file.ReadAt(text[:n], 0)
	_, err2 := f.file.ReadAt(text[n:2*n], offset-n)
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	sum := sha256.Sum256(text[:2*n])
	return hex.EncodeToString(sum[:8]), nil
}

// resume goes on where a file was read to. If it is not what it was then, it was
// truncated, or another has its inode: that is told, and the beginning is next.
// f.mu is held.
func (f *File) resume(p Place) {
	print, err := f.print(p.Offset)
	if f.seen >= p.Offset && err == nil && print == p.Print && f.moveTo(p.Offset) {
		return
	}
	f.begin(0)
}
