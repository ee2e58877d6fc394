package shipper

import (
	"fmt"

	"sluice/cluster/record"
	"sluice/headless/shipper/follow"
)

// missed tells of files that were gone before they could be opened.
func (f *follower) missed(n int) {
	f.s.counts.missed.Add(uint64(n))
	text := fmt.Sprintf("%d files that were %q were gone before they could be opened: what was in them is unknown", n, f.name)
	if n == 1 {
		text = fmt.Sprintf("a file that was %q was gone before it could be opened: what was in it is unknown", f.name)
	}
	f.tell(text, "missedFiles", n)
}

// doubt tells that it is unknown whether anything is missing.
func (f *follower) doubt(text string) {
	f.s.counts.doubts.Add(1)
	f.tell(text)
}

// truncated tells what a truncation took, and begins again.
func (f *follower) truncated(o *followedFile, cut *follow.Truncated) {
	f.s.counts.truncations.Add(uint64(cut.Times))
	f.s.counts.lostBytes.Add(uint64(cut.Lost))
	text := fmt.Sprintf("%q was truncated", f.name)
	if cut.Anew {
		text += ": beginning again"
		f.keep(o.end())
		o.at, o.marks = 0, record.StreamMarks{}
	}
	if size, err := o.Size(); err == nil {
		o.limit = size
	}
	if cut.Unseen > 0 {
		f.s.counts.doubts.Add(uint64(cut.Unseen))
		f.tell(fmt.Sprintf("%q was empty, was changed, and is empty or was truncated: whether anything was written to it meanwhile is unknown", f.name))
		return
	}
	if cut.Lost > 0 {
		f.tell(fmt.Sprintf("%s; at least %d bytes that were not read are lost", text, cut.Lost), "lostBytes", cut.Lost)
		return
	}
	f.tell(text + "; what was written to it and not read before is lost, if anything")
}

// tell says that something is missing, to whoever runs this and, as a record of
// level warn at its place, to those who read the stream.
func (f *follower) tell(text string, fields ...any) {
	for _, o := range f.files {
		f.keep(o.flush()) // it came before
	}
	f.keep(f.s.notice(f.to.Stream, text, append(fields, "file", f.name)...))
}
