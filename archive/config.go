package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/archive/engine"
	"sluice/cluster/names"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
)

// The defaults of [Config], and what is fixed.
const (
	DefaultBuffer     = 32 << 20
	DefaultAge        = time.Second
	DefaultStandstill = 3 * time.Second
	DefaultGrace      = 5 * time.Second

	Window = 200 // batches that are being appended at a time
)

// Config is what an [Archive] is made of.
type Config struct {
	// Source is where it reads. Its Inbox is set by the archive if it is 0.
	Source direct.Config
	// Engine is where it writes. The caller closes it after Run. Required.
	Engine *engine.Engine
	// Streams are patterns of the names of streams that are archived; nil means all.
	Streams []names.Pattern
	// Buffer bounds the records that wait to be appended, in bytes; one take from the
	// source may exceed it, 8 MiB. 0 means DefaultBuffer.
	Buffer int
	// Age is how long ago the first record of a batch came when that is cut, however
	// small it is. 0 means DefaultAge.
	Age time.Duration
	// Standstill is how long a lane stands still although there is more when it is taken
	// over: more than two ages, where another archive runs. 0 means DefaultStandstill.
	Standstill time.Duration
	// Grace is how long Run goes on appending what was read when it is to end. 0 means
	// DefaultGrace.
	Grace time.Duration

	Logger *slog.Logger // nil discards
}

// inbox is what waits at the source, in bytes.
const inbox = 8 << 20

// Archive writes what consolidators have into a store.
type Archive struct {
	cfg    Config
	source *direct.Each
	counts counts
}

// New checks the configuration.
func New(cfg Config) (*Archive, error) {
	if cfg.Engine == nil {
		return nil, errors.New("an archive needs an engine to write to")
	}
	if cfg.Buffer < 0 || cfg.Age < 0 || cfg.Standstill < 0 || cfg.Grace < 0 {
		return nil, fmt.Errorf("an archive with a buffer of %d bytes, and times of %s, %s and %s: none can be negative", cfg.Buffer, cfg.Age, cfg.Standstill, cfg.Grace)
	}
	cfg.Buffer = cmp.Or(cfg.Buffer, DefaultBuffer)
	cfg.Age = cmp.Or(cfg.Age, DefaultAge)
	cfg.Standstill = cmp.Or(cfg.Standstill, DefaultStandstill)
	cfg.Grace = cmp.Or(cfg.Grace, DefaultGrace)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Source.Inbox = cmp.Or(cfg.Source.Inbox, inbox)
	if cfg.Source.Logger == nil {
		cfg.Source.Logger = cfg.Logger
	}
	source, err := direct.NewEach(cfg.Source)
	if err != nil {
		return nil, err
	}
	return &Archive{cfg: cfg, source: source}, nil
}

// Run archives until ctx ends, and returns nil then.
func (a *Archive) Run(ctx context.Context) error {
	return rescue.Beside(ctx, "archive records", a.source.Run, func(ctx context.Context) error {
		return newWriter(a).run(ctx)
	})
}

// Status is the state of each consolidator now.
func (a *Archive) Status() []stream.Status { return a.source.Status() }

// wants reports whether a stream is to be archived.
func (a *Archive) wants(name string) bool {
	if len(a.cfg.Streams) == 0 {
		return true
	}
	for _, p := range a.cfg.Streams {
		if p.Match(name) {
			return true
		}
	}
	return false
}
