package cli

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"sluice/archive/engine"
	"sluice/archive/importer"
	"sluice/cluster/loss"
	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/cluster/rescue"
	"sluice/cluster/stdio"
	"sluice/cluster/stream"
	"sluice/headless/replay"
)

func newArchiveImport(ended *outcome) *cobra.Command {
	var (
		to       archiveSource
		as       string
		patience time.Duration
	)
	c := &cobra.Command{
		Use:   "import FILE…",
		Short: "Put recordings into an archive",
		Long: "Put recordings into an archive that runs: files that record wrote, or any other of one JSON object or text a line,\n" +
			"compressed or not. The stream of a recording is what it says itself, or read off its name, as replay does; --stream names another one for all.\n" +
			"The records stand in the archive as if they had come from a consolidator \"" + importer.Consolidator + "\", with their own times, and go by\n" +
			"when they were imported. A file that was imported before adds nothing; one whose import was broken off goes on.",
		Example: "  sluice archive import tenant+acme-20260301T120000Z.ndjson.zst\n  sluice archive import --stream system old/*.log.gz",
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return helpHint(c, usagef("no recording is named: name a file"))
		}
		return nil
	}
	to.flags(c.Flags())
	c.Flags().Lookup("archive").Usage = "put them into the archive at nats://HOST:PORT, or tls://… (several, by commas, are one cluster); SLUICE_ARCHIVE"
	c.Flags().Lookup("archive").DefValue = defaultArchive
	c.Flags().StringVar(&as, "stream", "", "import as this stream; default: read off the name of each file")
	c.Flags().DurationVar(&patience, "for", 10*time.Second, "wait at most this time for an archive that does not answer")
	c.RunE = ended.run(func(ctx context.Context, files []string) error {
		if as != "" {
			if err := names.Check(as); err != nil {
				return usagef("--stream %q: %w", as, err)
			}
		}
		if !to.given() {
			to.urls = []string{defaultArchive}
		}
		config, err := to.config(slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		ready, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		e, err := engine.Join(ready, config)
		if err != nil {
			return err
		}
		defer func() { _ = e.Close() }()
		out := stdio.NewWriter(ctx, os.Stdout)
		defer out.Close()
		var failed error
		for _, file := range files {
			counts, err := importFile(ctx, e, file, as)
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("import %q: %w", file, err))
				if ctx.Err() != nil || errors.Is(err, engine.ErrUnavailable) || errors.Is(err, engine.ErrFull) {
					return failed
				}
				continue
			}
			fmt.Fprintf(out, "%s: records=%d held=%d batches=%d lost=%s\n", record.Safe(file), counts.Records, counts.Held, counts.Batches, loss.Field(counts.Lost, counts.Unknown > 0))
		}
		return failed
	})
	return c
}

// epochOf stands for what is in a file.
func epochOf(file string) (uint64, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(sum.Sum(nil)), nil
}

// importFile puts one recording into an archive.
func importFile(ctx context.Context, e *engine.Engine, file, as string) (counts importer.Counts, err error) {
	if file == replay.Stdin {
		return counts, errors.New("standard input cannot be read twice, as is needed to know whether it was imported before: name a file")
	}
	source, err := replay.New(replay.Config{Files: []string{file}, Stream: as, Gaps: true})
	if err != nil {
		return counts, replayError(err)
	}
	epoch, err := epochOf(file)
	if err != nil {
		return counts, err
	}
	in := &imports{engine: e, epoch: epoch, of: make(map[string]*importer.Import)}
	if _, err := in.into(ctx, source.StreamNames()[0]); err != nil {
		return counts, err
	}
	err = rescue.Beside(ctx, "read the recording",
		func(ctx context.Context) error { return replayError(source.Run(ctx)) },
		func(ctx context.Context) error {
			for {
				b, err := source.Take(ctx)
				if errors.Is(err, stream.ErrClosed) {
					counts, err = in.end(ctx)
					return err
				}
				if err != nil {
					return err
				}
				err = addBatch(ctx, in, b)
				b.Release()
				if err != nil {
					return err
				}
			}
		})
	return counts, err
}

// addBatch adds records, and the losses between them.
func addBatch(ctx context.Context, all *imports, b *stream.Batch) error {
	notices := b.Notices
	for i := 0; i <= len(b.Records); i++ {
		for ; len(notices) > 0 && notices[0].At == i; notices = notices[1:] {
			if notices[0].Kind == stream.KindGap {
				in, err := all.into(ctx, notices[0].Stream)
				if err == nil {
					err = in.Gap(ctx, notices[0].Loss())
				}
				if err != nil {
					return err
				}
			}
		}
		if i < len(b.Records) {
			in, err := all.into(ctx, b.Records[i].Stream)
			if err == nil {
				err = in.Add(ctx, b.Records[i].Data)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
