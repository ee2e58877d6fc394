package collector

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"sluice/cluster/jsonscan"
	"sluice/cluster/stdio"
	"sluice/headless/collector/naming"
	"sluice/headless/shipper"
	"sluice/headless/unpack"
)

// journalMark is how often it is noted how far the journal is published.
const journalMark = 100 * time.Millisecond

// Journal says how systemd's journal is read.
type Journal struct {
	// Stream is the rule for streams; its holes are {unit}, {user_unit}, {identifier},
	// {host}, {transport}, {container}, and the names of the journal's fields, as in
	// {_SYSTEMD_SLICE}. Nil reads no journal.
	Stream    *naming.Rule
	Directory string   // where the journal's files are; "" is this machine's journal
	Input     *os.File // is read to its end instead, in the form of `journalctl -o export`; nil asks journalctl
}

// journalFields are the fields that holes without a field's name stand for.
var journalFields = map[string]string{
	"unit": "_SYSTEMD_UNIT", "user_unit": "_SYSTEMD_USER_UNIT", "identifier": "SYSLOG_IDENTIFIER", "host": "_HOSTNAME",
	"transport": "_TRANSPORT", "container": "CONTAINER_NAME",
}

// ParseJournal reads the rule for the streams of a journal.
func ParseJournal(text string) (*naming.Rule, error) {
	rule, err := naming.Parse(text)
	if err != nil {
		return nil, err
	}
	for _, hole := range rule.Holes() {
		if journalFields[hole] == "" && hole != strings.ToUpper(hole) {
			return nil, fmt.Errorf("stream %q: nothing fills the hole {%s}: there are {unit}, {user_unit}, {identifier}, {host}, {transport}, {container}, and the journal's fields, as in {_SYSTEMD_SLICE}", text, hole)
		}
	}
	return rule, nil
}

// journalSource is systemd's journal.
type journalSource struct {
	Journal
	begin   bool // at the end of what is there the first time
	streams *streams

	messages, cut atomic.Uint64
}

// label is what the source is called in notices, metrics, and the state.
func (s *journalSource) label() string { return "journal" }

// Run reads the journal until ctx ends.
func (s *journalSource) Run(ctx context.Context, out *shipper.Feed) error {
	if s.Input != nil {
		return s.input(ctx, out)
	}
	cursor := out.Cursor(s.label())
	return keepTrying(ctx, out, "the journal cannot be read", func() error { return s.ask(ctx, out, &cursor) })
}

// input reads what is given in place of the journal.
func (s *journalSource) input(ctx context.Context, out *shipper.Feed) error {
	in, err := stdio.NewReader(ctx, s.Input)
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	defer in.Close()
	var cursor string
	err = s.entries(ctx, in, out, &cursor)
	var ended *publishError
	switch {
	case ctx.Err() != nil, errors.Is(err, io.EOF):
		return nil
	case errors.As(err, &ended):
		return ended
	}
	return fmt.Errorf("read the journal: %w", err)
}

// entries reads entries from in behind the one at the cursor, if that is there, and
// moves the cursor. It returns the error of in.
func (s *journalSource) entries(ctx context.Context, in io.Reader, out *shipper.Feed, cursor *string) error {
	lines := bufio.NewReaderSize(unpack.NewJournal(in), 64<<10)
	pipe := out.Pipe("journal", "")
	var object, kept []byte
	var marked time.Time
	last, first := *cursor, true
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			if *cursor != "" {
				out.Mark(s.label(), *cursor)
			}
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err() // it is read again the next time
		}
		object = line[:len(line)-1]
		here := text(object, "__CURSOR")
		if first && last != "" {
			if first = false; here == last {
				continue
			}
			if err := out.Lost(s.streams.fallback, 0, "the journal has not got the entry any more up to which it was read the last time: what came between, and was removed, is unknown", "source", s.label()); err != nil {
				return &publishError{err}
			}
		}
		stream := s.stream(object, out)
		s.messages.Add(1)
		if jsonscan.Find(object, "cut") != nil {
			s.cut.Add(1)
		}
		kept = appendEntry(kept[:0], object)
		if err := pipe.Publish(stream, kept, time.Now()); err != nil {
			return &publishError{err}
		}
		if *cursor = here; lines.Buffered() == 0 || time.Since(marked) >= journalMark {
			marked = time.Now()
			out.Mark(s.label(), here)
		}
	}
}

// stream is the stream of an entry.
func (s *journalSource) stream(object []byte, out *shipper.Feed) string {
	stream, first := s.streams.name(func(hole string) string {
		field := journalFields[hole]
		if field == "" {
			field = hole
		}
		value := text(object, field)
		switch {
		case hole == "unit" && value == "" && text(object, "_TRANSPORT") == "kernel":
			return "kernel"
		case hole == "unit", hole == "user_unit":
			return strings.TrimSuffix(value, ".service")
		}
		return value
	})
	if first {
		out.Notify(fmt.Sprintf("the journal names more than %d streams, or streams with names that are too long: others go to %s", s.streams.most, s.streams.fallback))
	}
	return stream
}

// text is the value of a field that is a text; "" is none.
func text(object []byte, field string) string {
	value := jsonscan.Find(object, field)
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	return jsonscan.Decode(value[1 : len(value)-1])
}

// appendEntry appends an entry without the fields that only say where it is in the
// journal.
func appendEntry(dst, object []byte) []byte {
	dst = append(dst, '{')
	for key, value := range jsonscan.Members(object) {
		if strings.HasPrefix(string(key), "__") && string(key) != "__REALTIME_TIMESTAMP" {
			continue
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), key...), '"', ':')
		dst = append(dst, value...)
	}
	return append(dst, '}')
}
