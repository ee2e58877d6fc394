package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

const (
	batchBytes = 64 << 10 // bytes that are handed on at once, about
	// past is how many records in a row must be a minute and more past To,
	// before the rest of a file is not looked at.
	past = 1000
)

// Source hands on the records of recordings. It is read as a [stream.Source]
// is. See the package's contract. Its methods may be
// called from any goroutine; none but Take waits.
type Source struct {
	config     Config
	recordings []*recording // Run's
	windowed   bool         // from and to are known
	once       bool         // some of the recordings cannot be opened again
	streams    []string     // their streams
	listed     [][]string   // of each recording that says which it has; see recording.listed
	out        *stream.Handover
	pace       *pace
	from, to   int64 // Unix milliseconds; 0 for none
	pastTo     map[*recording]int

	records []stream.Record // not handed on yet; their data is in the recordings' buffers
	notices []stream.Notice
	bytes   int
	outside uint64

	mu    sync.Mutex
	stats Stats

	seeking sync.Mutex
	pass    context.CancelFunc // ends this reading of the recordings
	back    bool               // it was ended to go back
}

// Stats is how far a replay has come.
type Stats struct {
	Records uint64    // handed on
	Bytes   uint64    // of them
	Outside uint64    // records before From, or not before To
	Cut     uint64    // lines that were longer than Config.MaxLine
	Strange uint64    // records whose own time is far from their neighbours', and that stand at theirs
	Jumps   Jumps     // that were not waited for
	Short   []string  // files that end too early
	Holes   []Holes   // that were skipped, of files that were read to their ends
	Time    time.Time // of the newest record handed on; zero when unknown
	Read    int64     // bytes of the files read, packed as they are
	Size    int64     // of the files in all; 0 when unknown
	Ended   bool      // all was handed on
}

// New checks a Config and looks whether the files are there.
func New(config Config) (*Source, error) {
	if err := config.check(); err != nil {
		return nil, &ConfigError{err}
	}
	s := &Source{
		config: config, pastTo: make(map[*recording]int),
		out:  stream.NewHandover(config.Inbox),
		pace: newPace(config.Speed, config.IdleLimit, config.Now),
	}
	if err := s.find(); err != nil {
		return nil, err
	}
	for _, r := range s.recordings {
		s.stats.Size += r.size
		s.once = s.once || !r.reopens
		for _, stream := range s.list(r) {
			if !slices.Contains(s.streams, stream) {
				s.streams = append(s.streams, stream)
			}
		}
		s.listed = append(s.listed, r.listed)
	}
	if s.once {
		s.stats.Size = 0
	}
	return s, nil
}

// find looks for the files, without reading them.
func (s *Source) find() error {
	s.recordings = make([]*recording, 0, len(s.config.Files))
	for i, name := range s.config.Files {
		r, err := newRecording(name, &s.config)
		if err != nil {
			return err
		}
		if i < len(s.listed) {
			r.listed = s.listed[i]
		}
		s.recordings = append(s.recordings, r)
	}
	return nil
}

// list finds the streams of a recording.
func (s *Source) list(r *recording) []string {
	limit := int64(listHead)
	if s.config.Listed {
		limit = listWhole
	}
	streams, more := r.list(limit)
	switch {
	case len(streams) == 0:
		return []string{r.named}
	case !s.config.Listed:
		return streams
	case more: // what is of others is handed on in this one
		streams = append(streams, r.named)
	}
	r.listed = streams
	return streams
}

// ConfigError is a [Config] that cannot be, as opposed to files that cannot be
// had.
type ConfigError struct{ err error }

func (e *ConfigError) Error() string { return e.err.Error() }
func (e *ConfigError) Unwrap() error { return e.err }

// StreamNames are the streams that the records are handed on in, in the order
// of their files. A recording of several streams may have more, unless Config.Listed.
func (s *Source) StreamNames() []string { return slices.Clone(s.streams) }

// Run reads until all was handed on or ctx ends, and returns nil then. Its
// errors are of files that could not be read, or not to their end; all others
// were handed on before. It must be called once.
func (s *Source) Run(ctx context.Context) error {
	defer s.out.Close()
	for again := false; ; again = true {
		err := s.read(ctx, again)
		switch {
		case s.wentBack():
		case ctx.Err() != nil && !(s.config.Seekable && s.Stats().Ended):
			return nil
		default:
			return err
		}
	}
}

// read reads the recordings from their beginning, once, and, of a replay that can be sought,
// waits at their end to be called back.
func (s *Source) read(ctx context.Context, again bool) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	s.seeking.Lock()
	s.pass = end
	again = again || s.back
	s.back = false
	s.seeking.Unlock()
	if again {
		if err := s.begin(); err != nil {
			return err
		}
	}
	err := s.run(ctx)
	if s.config.Seekable && ctx.Err() == nil {
		<-ctx.Done()
	}
	return err
}

func (s *Source) run(ctx context.Context) error {
	defer func() {
		for _, r := range s.recordings {
			r.shut()
		}
	}()
	var broken []error
	good := s.recordings[:0:0]
	for _, r := range s.recordings {
		err := r.first(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !cutShort(err) {
			broken = append(broken, fmt.Errorf("open recording %q: %w", r.name, err))
			continue
		}
		if err != nil {
			s.cutShort(r)
			continue
		}
		good = append(good, r)
	}
	if !s.windowed {
		if err := s.window(ctx, good); err != nil {
			return err
		}
		s.windowed = true
	}
	// Of equal times the file that was named first goes first.
	for i, r := range good {
		r.order = i
	}
	m := stream.NewMerge(good, func(a, b *recording) bool {
		return cmp.Or(cmp.Compare(a.clock, b.clock), cmp.Compare(a.order, b.order)) < 0
	})
	for {
		r, ok := m.Next()
		if !ok {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if r.lines == nil && r.err == nil { // its turn comes for the first time
			if r.err = r.open(ctx); r.err == nil {
				r.clock = 0
				r.advance()
			}
		}
		if r.err != nil {
			if err := s.end(r); err != nil {
				broken = append(broken, err)
			}
			r.shut() // records of it that are not handed on yet keep its memory
			m.Ended()
			continue
		}
		if err := s.handOn(ctx, r); err != nil {
			return err
		}
		m.Moved()
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	s.note()
	s.mu.Lock()
	s.stats.Ended = true
	s.mu.Unlock()
	s.pace.finish()
	s.out.Wake()
	return several(broken)
}

// maxTold is how many recordings an error names.
const maxTold = 3

// several is one error of several, on one line; nil of none.
func several(errs []error) error {
	switch n := len(errs); {
	case n == 0:
		return nil
	case n == 1:
		return errs[0]
	case n > maxTold:
		return fmt.Errorf("%w; and %d recordings more", several(errs[:maxTold]), n-maxTold)
	default:
		return fmt.Errorf("%w; %w", several(errs[:n-1]), errs[n-1])
	}
}

// handOn hands on the record of a recording, when its time has come, and reads the
// next one.
func (s *Source) handOn(ctx context.Context, r *recording) error {
	if s.inside(r) {
		if err := s.pace.wait(ctx, r.clock, func() error { return s.flush(ctx) }); err != nil {
			return err
		}
		s.add(r)
		if s.bytes >= batchBytes {
			if err := s.flush(ctx); err != nil {
				return err
			}
		}
	}
	if r.err != nil { // it need not be read to its end
		return nil
	}
	if !r.ready() {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	r.advance()
	return nil
}

// inside reports whether the record of a recording is between From and To.
func (s *Source) inside(r *recording) bool {
	t := r.time
	switch {
	case s.to != 0 && t >= s.to:
		if t >= s.to+setBack {
			if s.pastTo[r]++; s.pastTo[r] >= past && r.reopens {
				r.line, r.err = nil, io.EOF
			}
		}
	case s.from != 0 && t < s.from:
		s.pastTo[r] = 0
	default:
		if s.to != 0 {
			s.pastTo[r] = 0
		}
		return true
	}
	if s.outside++; s.outside%4096 == 0 {
		s.note()
	}
	return false
}

// add adds the record of a recording to what is handed on next.
func (s *Source) add(r *recording) {
	at := r.clock
	if at == 0 {
		at = r.written // the best that is known
	}
	if at == 0 {
		at = s.config.Now().UnixMilli()
	}
	if s.config.Gaps {
		if lost, ok := loss.ParseRecord(r.line); ok {
			lost.Stream = r.of(lost.Stream)
			n := stream.GapNotice(lost, time.UnixMilli(at))
			n.At = len(s.records)
			s.notices = append(s.notices, n)
			s.bytes += len(r.line)
			return
		}
	}
	of := r.stream
	if r.marked && record.IsLoss(r.line) {
		if lost, ok := loss.ParseRecord(r.line); ok {
			of = r.of(lost.Stream)
		}
	}
	s.records = append(s.records, stream.Record{
		Stream: of, Arrived: at * int64(time.Millisecond), Data: r.line,
	})
	s.bytes += len(r.line)
}

// flush hands on what was added. It waits while the inbox is full.
func (s *Source) flush(ctx context.Context) error {
	if len(s.records)+len(s.notices) == 0 {
		return nil
	}
	if err := s.out.Put(ctx, s.records, s.notices); err != nil {
		return err
	}
	s.pace.handed()
	s.mu.Lock()
	s.stats.Records += uint64(len(s.records))
	s.stats.Bytes += uint64(s.bytes)
	if n := len(s.records); n > 0 {
		s.stats.Time = time.Unix(0, s.records[n-1].Arrived)
	}
	s.mu.Unlock()
	s.note()
	clear(s.records)
	s.records, s.notices, s.bytes = s.records[:0], s.notices[:0], 0
	return nil
}

// note notes for others how far the files were read.
func (s *Source) note() {
	read, cut, strange := int64(0), uint64(0), uint64(0)
	for _, r := range s.recordings {
		read += r.progress()
		cut += r.cuts()
		strange += r.strange
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Read, s.stats.Cut, s.stats.Outside, s.stats.Strange = read, cut, s.outside, strange
}

// end notes that a recording has no more lines, and why, if that is an error.
func (s *Source) end(r *recording) error {
	err := r.err
	if skipped := r.skipped(); skipped.Holes > 0 {
		s.mu.Lock()
		s.stats.Holes = append(s.stats.Holes, Holes{r.source, skipped})
		s.mu.Unlock()
	}
	switch {
	case errors.Is(err, io.EOF):
		err = nil
		if r.short > 0 {
			s.cutShort(r)
		}
	case cutShort(err):
		s.cutShort(r)
		err = nil
	default:
		err = fmt.Errorf("read recording %q: after %d records: %w", r.name, r.records, err)
		s.gap(r, "it cannot be read further")
	}
	return err
}

// cutShort notes that a recording ends too early.
func (s *Source) cutShort(r *recording) {
	s.mu.Lock()
	s.stats.Short = append(s.stats.Short, r.name)
	s.mu.Unlock()
	s.gap(r, "the file is cut short")
}

// gap hands on that an unknown number of records of a recording is missing.
func (s *Source) gap(r *recording, reason string) {
	at := r.clock
	now := s.config.Now()
	if at != 0 {
		now = time.UnixMilli(at)
	}
	of := []string{r.stream}
	if r.marked && r.listed != nil {
		of = r.listed
	}
	for _, name := range of {
		n := stream.GapNotice(loss.Loss{Stream: name, Source: r.source, Hop: loss.AtRecording, Reason: reason, Unknown: true}, now)
		n.At = len(s.records)
		s.notices = append(s.notices, n)
	}
}

// Stats is how far the replay has come.
func (s *Source) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Jumps = s.pace.jumped()
	return stats
}
