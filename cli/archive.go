package cli

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sluice/archive/engine"
	"sluice/archive/service"
	"sluice/cluster/discovery"
	"sluice/cluster/names"
	"sluice/cluster/publish"
	"sluice/cluster/zmtp"
)

func newArchive(ended *outcome) *cobra.Command {
	var (
		config        service.Config
		store         archiveStore
		consolidators consolidatorSource
		keys          curveKeys
		publishTo     string
	)
	buffer := size(32 << 20)
	c := &cobra.Command{
		Use:   "archive [STREAM…]",
		Short: "Keep what passes, for --since, --last and consumer groups",
		Long: "Keep what passes: read streams from all consolidators, as any reader does, and put them into NATS JetStream,\n" +
			"in this process (--store), or in a cluster of NATS servers that is there (--nats). Streams are names or patterns,\n" +
			"as in 'tenant/*'; without one, all are kept. When the archive is down, live logs do not notice.",
		Example: "  sluice archive --store /var/lib/sluice/archive\n  sluice archive status\n" +
			"  sluice archive --store ./archive --keep 'system/**=30d' --keep '**=7d' --max-bytes 100GiB\n" +
			"  sluice archive --nats nats://10.0.0.4:4222,nats://10.0.0.5:4222 --replicas 3 --etcd http://10.0.0.2:2379",
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().StringArrayVar(&consolidators.endpoints, "consolidator", []string{"tcp://127.0.0.1:5552"}, "read from the consolidator at this endpoint (repeatable)")
	consolidators.flags(c.Flags(), false)
	keys.flags(c.Flags())
	store.flags(c.Flags())
	c.Flags().Var(&buffer, "buffer", "let at most this size of records wait while the store takes nothing; the consolidators keep what they can beside it")
	c.Flags().StringVar(&publishTo, "publish", publish.DefaultEndpoint, "publish the archive's state at this consolidator's publish endpoint, on the stream "+service.OwnStream+"; empty publishes none")
	adminFlags(c.Flags(), &config.Admin, service.DefaultAdmin, &config.Profile, &config.AdminOpen)
	c.RunE = ended.run(func(ctx context.Context, args []string) error {
		logger, flush := serverLog()
		defer flush()
		config.Logger = logger
		for _, text := range args {
			p, err := names.ParsePattern(text)
			if err != nil {
				return &usageError{err}
			}
			config.Archive.Streams = append(config.Archive.Streams, p)
		}
		config.Archive.Buffer = int(buffer)
		way, _, err := chosen(c.Flags(), false)
		if err != nil {
			return err
		}
		finder, err := consolidators.finder(way, logger)
		if err != nil {
			return err
		}
		config.Archive.Source.Finder = discovery.Shared(finder)
		if config.Archive.Source.Keys, err = keys.keyring(consolidators.endpoints); err != nil {
			return &usageError{err}
		}
		if config.Engine, err = store.config(logger); err != nil {
			return err
		}
		if publishTo != "" {
			if _, err := zmtp.ParseEndpoint(publishTo); err != nil {
				return usagef("--publish: %w", err)
			}
			config.Publish = publish.Config{Endpoint: publishTo}
		}
		ready, leave := underManager(ctx, logger)
		defer leave()
		config.Ready = ready
		collectSooner()
		s, err := service.New(config)
		if err != nil {
			return startError(err)
		}
		return s.Run(ctx)
	})
	c.AddCommand(newArchiveStatus(ended), newArchiveImport(ended))
	return c
}

// archiveStore is the flags for where the archive is kept, and how long.
type archiveStore struct {
	set      *pflag.FlagSet
	embedded engine.Config
	nats     archiveSource
	users    string
	sync     string
	keep     []string
	maxBytes size
}

func (a *archiveStore) flags(set *pflag.FlagSet) {
	a.set = set
	set.StringVar(&a.embedded.Store, "store", "", "keep everything in this directory, by a NATS JetStream server in this process")
	set.StringVar(&a.embedded.Listen, "listen", engine.DefaultListen, "with --store, serve readers on this address")
	set.StringVar(&a.embedded.TLSCert, "tls-cert", "", "with --store, serve TLS with the certificate in this file, in PEM; taken up when it changes")
	set.StringVar(&a.embedded.TLSKey, "tls-key", "", "and the key in this one")
	set.StringVar(&a.users, "users", "", "with --store, let only those connect that this file lists, a line each: NAME read|work|write PASSWORD")
	set.BoolVar(&a.embedded.Insecure, "insecure", false, "listen beyond this machine without TLS and users, although everybody there can read and write everything")
	set.StringVar(&a.sync, "sync", "1s", "with --store, write to the disk so often, or always: before each acknowledgement")
	set.StringSliceVar(&a.nats.urls, "nats", nil, "keep everything in the NATS servers at nats://HOST:4222, or tls://… (several, by commas, are one cluster)")
	a.nats.more(set, "nats")
	set.IntVar(&a.embedded.Replicas, "replicas", 1, "with --nats, have so many servers hold everything: 1, 3 or 5")
	set.StringArrayVar(&a.keep, "keep", nil, "keep streams that match for so long, as in 'tenant/**=7d'; the first rule that matches a stream counts (repeatable); default: until it is full")
	set.Var(&a.maxBytes, "max-bytes", "hold at most this size, and let the oldest go; default with --store: three quarters of what its disk has for it")
}

// config is where the archive is kept. Its error is one of usage.
func (a *archiveStore) config(logger *slog.Logger) (engine.Config, error) {
	c := a.embedded
	switch given := a.nats.at(); {
	case c.Store == "" && len(given) == 0:
		return c, usagef("it is not said where to keep anything: give --store DIR, or --nats URL")
	case c.Store != "" && len(given) > 0:
		return c, usagef("--store and --nats are both given: give one")
	case c.Store == "":
		for _, name := range []string{"listen", "tls-cert", "tls-key", "users", "sync", "insecure"} {
			if a.set.Changed(name) {
				return c, usagef("--%s is of the server in this process, and --nats names others: give it with --store", name)
			}
		}
	case a.set.Changed("replicas") && c.Replicas != 1:
		return c, usagef("--replicas %d: one store is one replica; several are for --nats", c.Replicas)
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return c, usagef("--tls-cert and --tls-key go together: give both")
	}
	var err error
	if c.Connect, err = a.nats.config(logger); err != nil {
		return c, err
	}
	if a.users != "" {
		if c.Users, err = engine.ReadUsers(a.users); err != nil {
			return c, &usageError{err}
		}
	}
	if a.sync == "always" {
		c.Sync = engine.SyncAlways
	} else if c.Sync, err = time.ParseDuration(a.sync); err != nil || c.Sync <= 0 {
		return c, usagef("--sync %q: give a time, as in 1s, or always", a.sync)
	}
	for _, text := range a.keep {
		rule, err := engine.ParseRule(text)
		if err != nil {
			return c, usagef("--keep: %w", err)
		}
		c.Keep = append(c.Keep, rule)
	}
	c.MaxBytes = int64(a.maxBytes)
	return c, nil
}

// collectSooner lets the garbage of an archive grow to half of what lives, unless GOGC says
// otherwise: what lives are the index of its server and what waits to be appended, and
// to go through that costs little beside compressing.
func collectSooner() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}
