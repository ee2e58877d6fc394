package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"sluice/cluster/discovery"
	"sluice/cluster/stream/direct"
	"sluice/proxy"
)

func newProxy(ended *outcome) *cobra.Command {
	var (
		config        proxy.Config
		may           access
		bounds        limits
		consolidators consolidatorSource
		keys          curveKeys
		archived      archiveSource
	)
	c := &cobra.Command{
		Use:   "proxy",
		Short: "Serve the streams of all consolidators over HTTP",
		Long: "Serve the streams of all consolidators over HTTP, as long responses: text/event-stream for those who ask for\n" +
			"it, one JSON record a line for everybody else.",
		Example: "  sluice proxy --consolidator tcp://127.0.0.1:5552\n  curl -N http://127.0.0.1:5580/api/logs/system\n" +
			"  sluice proxy --etcd http://127.0.0.1:2379\n  sluice proxy --dns sluice.logging.svc",
		Args: noArguments,
	}
	c.Flags().StringVar(&config.Listen, "listen", proxy.DefaultListen, "listen on this address")
	c.Flags().StringArrayVar(&consolidators.endpoints, "consolidator", []string{"tcp://127.0.0.1:5552"}, "read from the consolidator at this endpoint (repeatable)")
	consolidators.flags(c.Flags(), false)
	keys.flags(c.Flags())
	archived.flags(c.Flags())
	may.flags(c.Flags())
	adminFlags(c.Flags(), &config.Admin, proxy.DefaultAdmin, &config.Profile, &config.AdminOpen)
	bounds.flags(c.Flags())
	c.RunE = ended.run(func(ctx context.Context, _ []string) error {
		logger, flush := serverLog()
		defer flush()
		config.Logger = logger
		way, _, err := chosen(c.Flags(), false)
		if err != nil {
			return err
		}
		finder, err := consolidators.finder(way, logger)
		if err != nil {
			return err
		}
		finder = discovery.Shared(finder)
		keyring, err := keys.keyring(consolidators.endpoints)
		if err != nil {
			return &usageError{err}
		}
		config.Open = func(mergeWait time.Duration) (proxy.Source, error) {
			source, err := direct.New(direct.Config{Finder: finder, Keys: keyring, MergeWait: mergeWait, Logger: config.Logger})
			if err != nil {
				return nil, &usageError{err}
			}
			return source, nil
		}
		client, err := archived.dial(logger)
		if err != nil {
			return err
		}
		if client != nil {
			defer client.Close()
			config.History = proxyHistory(client)
		}
		if err := may.configure(&config); err != nil {
			return startError(err)
		}
		if err := bounds.configure(&config); err != nil {
			return err
		}
		connections, tell := fitDescriptors(logger, config.MaxConnections, proxyFiles)
		config.MaxConnections = connections
		ready, leave := underManager(ctx, logger)
		defer leave()
		config.Ready = ready
		server, err := proxy.New(config)
		if err != nil {
			return startError(err)
		}
		tell()
		config.Logger.Info("proxy ready", "listen", server.Addr(), "admin", server.AdminAddr(), "consolidators", consolidators.String(way))
		return server.Run(ctx)
	})
	return c
}
