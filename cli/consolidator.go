package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
	"sluice/cluster/rescue"
	"sluice/consolidator"
)

func newConsolidator(ended *outcome) *cobra.Command {
	var (
		config    consolidator.Config
		registers registration
	)
	buffer, streamBuffer := size(256<<20), size(4<<20)
	c := &cobra.Command{
		Use:   "consolidator",
		Short: "Run the pump of one machine: publishers in, subscribers out",
		Long: "Run the pump of one machine. Applications connect ZeroMQ PUB sockets to its publish endpoint and send\n" +
			"two frames: stream name, then one JSON record. Readers connect to its subscribe endpoint: sluice, a proxy,\n" +
			"or any ZeroMQ SUB socket. Everything is kept in memory, in bounded buffers; a reader that is too slow loses\n" +
			"the oldest records and learns how many.",
		Example: "  sluice consolidator\n  curl http://127.0.0.1:5553/metrics\n  sluice consolidator --publish ipc:///run/sluice/publish --publish tcp://127.0.0.1:5551\n" +
			"  sluice consolidator --subscribe tcp://10.0.0.7:5552 --curve-key vm-7.key --etcd http://10.0.0.2:2379",
		Args: noArguments,
	}
	c.Flags().StringArrayVar(&config.Publish, "publish", []string{consolidator.DefaultPublish}, "publishers connect to this endpoint, tcp://HOST:PORT or ipc://PATH (repeatable)")
	c.Flags().StringArrayVar(&config.Subscribe, "subscribe", []string{consolidator.DefaultSubscribe}, "subscribers connect to this endpoint (repeatable)")
	adminFlags(c.Flags(), &config.Admin, consolidator.DefaultAdmin, &config.Profile, &config.AdminOpen)
	c.Flags().StringVar(&config.Name, "name", "", "the name of this machine in what readers see; default: its host name")
	registers.flags(c.Flags())
	c.Flags().Var(&buffer, "buffer", "keep at most this size of records, over all streams")
	c.Flags().Var(&streamBuffer, "stream-buffer", "keep at most this size of records of one stream")
	c.Flags().IntVar(&config.MaxConnections, "max-connections", consolidator.DefaultMaxConnections, "have at most this many peers connected")
	c.Flags().IntVar(&config.MaxStreams, "max-streams", consolidator.DefaultMaxStreams, "hold at most this many streams; records of more are dropped")
	c.Flags().DurationVar(&config.Grace, "grace", consolidator.DefaultGrace, "when asked to end, read publishers to their end for so long, and then let readers take what there is")
	c.Flags().StringVar(&config.CurveKey, "curve-key", "", "encrypt all connections, with the key pair in this file (see `sluice keygen`)")
	c.Flags().StringVar(&config.CurvePublishers, "curve-publishers", "", "let only these keys publish: a list (a key a line, then patterns of the streams that it may publish), a certificate, or a folder of such")
	c.Flags().StringVar(&config.CurveSubscribers, "curve-subscribers", "", "let only these keys read: a list, a certificate, or a folder of such")
	c.Flags().BoolVar(&config.Insecure, "insecure", false, "listen beyond this machine without keys, although everybody there can read and publish")
	c.RunE = ended.run(func(ctx context.Context, _ []string) error {
		config.Buffer, config.StreamBuffer = int64(buffer), int64(streamBuffer)
		logger, flush := serverLog()
		defer flush()
		config.Logger = logger
		endpoint := ""
		if c.Flags().Changed("etcd") {
			var err error
			if endpoint, err = registers.endpoint(config.Subscribe); err != nil {
				return err
			}
		} else if err := registers.unused(); err != nil {
			return err
		}
		registered := func() bool { return false }
		if endpoint != "" {
			config.Registered = func() bool { return registered() }
		}
		connections, tell := fitDescriptors(config.Logger, config.MaxConnections, consolidatorFiles)
		config.MaxConnections = connections
		server, err := consolidator.New(config)
		if err != nil {
			return startError(err)
		}
		run := server.Run
		if endpoint != "" {
			if registers.advertise == "" { // port 0 is another one now
				endpoint, err = registers.endpoint(server.SubscribeAddrs())
			}
			var registrar *etcd.Registrar
			if err == nil {
				registrar, err = registers.claim(ctx, discovery.Consolidator{Name: server.Name(), Subscribe: endpoint, Key: server.PublicKey()}, server.Instance(), logger)
			}
			if err != nil {
				server.Close()
				return fmt.Errorf("register in etcd: %w", err)
			}
			registered = registrar.Registered
			run = func(ctx context.Context) error {
				return rescue.Beside(ctx, "register in etcd", registrar.Run, server.Run)
			}
		}
		tell()
		go boundMemory(ctx, config.Buffer)
		ready, leave := underManager(ctx, logger)
		defer leave()
		ready() // what it was to bind it has bound
		return run(ctx)
	})
	return c
}
