package grouper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"sluice/cluster/group"
	"sluice/cluster/jsonscan"
	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stdio"
	"sluice/headless/unpack"
)

// Stdin is the name of standard input.
const Stdin = "-"

// Config is what to fold, and what of it.
type Config struct {
	Filter  query.Filter      // only records that match; the zero Filter matches all
	Numbers bool              // keep of each line which template it is of
	Stdin   *os.File          // os.Stdin if nil
	Notify  func(text string) // takes what somebody should know, a sentence; nil drops it
}

// Grouper folds records.
type Grouper struct {
	config Config
	groups *group.Groups
	known  bool    // what is read now counts nowhere
	lines  []int32 // of each line the shape, or none
}

const none = -1

// New returns a Grouper without records.
func New(config Config) *Grouper {
	if config.Stdin == nil {
		config.Stdin = os.Stdin
	}
	if config.Notify == nil {
		config.Notify = func(string) {}
	}
	return &Grouper{config: config, groups: group.New()}
}

// Read folds a file, or [Stdin], until it ends or ctx does, which is no error.
func (g *Grouper) Read(ctx context.Context, name string) error { return g.read(ctx, name, false) }

// Know reads a file whose templates are not new.
func (g *Grouper) Know(ctx context.Context, name string) error { return g.read(ctx, name, true) }

func (g *Grouper) read(ctx context.Context, name string, known bool) error {
	g.known = known
	file := g.config.Stdin
	if name != Stdin {
		var err error
		file, err = os.Open(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("read %q: there is no such file", name)
		case errors.Is(err, fs.ErrPermission):
			return fmt.Errorf("read %q: you may not read it: run as somebody who may", name)
		case err != nil:
			return fmt.Errorf("read a file: %w", err)
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return fmt.Errorf("read %q: it is a directory: name the files in it", name)
		}
	}
	raw, err := stdio.NewReader(ctx, file)
	if err != nil {
		return fmt.Errorf("read %q: %w", name, err)
	}
	defer raw.Close()
	err = g.readAll(ctx, raw)
	var unreadable *unpack.UnreadableError
	switch {
	case err == nil || ctx.Err() != nil:
		return nil
	case errors.As(err, &unreadable):
		return fmt.Errorf("read %q: %w: %s", name, err, unreadable.Advice(name, "sluice groups"))
	}
	return fmt.Errorf("read %q: %w", name, err)
}

// readAll folds what it reads.
func (g *Grouper) readAll(ctx context.Context, raw io.Reader) error {
	in, err := unpack.Open(raw)
	if err != nil {
		return err
	}
	defer in.Close()
	text := texts{take: g.take}
	var marks record.StreamMarks
	split := unpack.Splitter{Line: func(line []byte, cut, _ int64) error {
		if len(line) > 0 && line[0] == '{' && cut == 0 && jsonscan.ValidObject(line) {
			text.flush()
			if marks.Next(line) {
				line = nil // no record
			}
			g.take(line, 1)
			return nil
		}
		marks.Next(line)
		text.line(line)
		return nil
	}}
	for ctx.Err() == nil {
		if split.Holes.InHole() {
			split.Holes.Skip(in.SkipHole())
		}
		n, err := in.Read(split.Space())
		if n > 0 {
			_ = split.Took(n) // the lines are taken without errors
		}
		if err == nil {
			continue
		}
		_ = split.End()
		text.flush()
		if skipped := split.Holes.Skipped; skipped != (unpack.Skipped{}) {
			g.config.Notify(skipped.String())
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("it is cut short: it is %s, and ends in the middle of that", in.Format())
		}
		return err
	}
	return nil
}

// take folds a record, which stood in so many lines; nil stands for blank ones, and for marks of streams.
func (g *Grouper) take(data []byte, lines int) {
	number := group.Shape(none)
	if data != nil {
		number = g.Record(data, "", "")
	}
	if !g.config.Numbers || g.known {
		return
	}
	for range lines {
		g.lines = append(g.lines, int32(number))
	}
}

// Record folds a record: JSON, or text. It returns its shape, or -1 if it does not pass
// the filter. It keeps nothing of data. stream and source are where it comes from.
func (g *Grouper) Record(data []byte, stream, source string) group.Shape {
	if !g.config.Filter.Match(data, stream, source) {
		return none
	}
	if g.known {
		return g.groups.Know(group.Message(data))
	}
	head := record.Peek(data)
	return g.groups.Add(group.Message(data), int(head.Level), head.Time)
}

// Templates returns what was folded, the most frequent first; only what is new, if
// something was known.
func (g *Grouper) Templates() []group.Template {
	list := g.groups.Templates()
	kept := list[:0]
	for _, t := range list {
		if t.Count > 0 && !t.Known {
			kept = append(kept, t)
		}
	}
	return kept
}

// Numbers calls take with the number of each line's template.
func (g *Grouper) Numbers(take func(int) error) error {
	of := g.groups.Of()
	for _, s := range g.lines {
		number := 0
		if s != none {
			number = of[s]
		}
		if err := take(number); err != nil {
			return err
		}
	}
	return nil
}
