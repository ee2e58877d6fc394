package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"sluice/devenv"
)

func newDevenv(ended *outcome) *cobra.Command {
	var config devenv.Config
	c := &cobra.Command{
		Use:   "devenv",
		Short: "Run a whole cluster on this machine, with fake publishers, and open the client on it",
		Long: "Run a whole cluster on this machine, to try Sluice on: consolidators as if on several machines, a proxy, an\n" +
			"archive, and fake publishers. The parts are processes. On a terminal the full-screen client opens on it; its key x breaks\n" +
			"them: they are killed, hang, are slow or cut off, and come back.",
		Example: "  sluice devenv\n  sluice devenv --headless --rate 200\n  sluice devenv --etcd",
		Args:    noArguments,
	}
	c.Flags().IntVar(&config.Consolidators, "consolidators", 3, "make N machines")
	c.Flags().IntVar(&config.Tenants, "tenants", 5, "publish the streams of N tenants")
	c.Flags().Float64Var(&config.Rate, "rate", 20, "publish N records a second and stream")
	c.Flags().BoolVar(&config.Etcd, "etcd", false, "run the etcd on the PATH in a temporary folder, for the consolidators to register in and the proxy to find them")
	c.Flags().StringVar(&config.Store, "store", "", "keep what is archived in this directory; by default in a temporary one, which goes at the end")
	c.Flags().BoolVar(&config.Headless, "headless", false, "run without the client; so it is when there is no terminal")
	c.Flags().Uint64Var(&config.Seed, "seed", 0, "make the records of this seed; the same seed makes the same records")
	c.RunE = ended.run(func(ctx context.Context, _ []string) error {
		for flag, value := range map[string]float64{
			"consolidators": float64(config.Consolidators), "tenants": float64(config.Tenants), "rate": config.Rate,
		} {
			if value <= 0 {
				return usagef("--%s %g is not positive", flag, value)
			}
		}
		program, err := os.Executable()
		if err != nil {
			return fmt.Errorf("start the cluster: %w", err)
		}
		config.Program = []string{program, c.Name(), partCommand}
		config.Command = os.Args[0]
		config.Output = os.Stdout
		if config.Headless = config.Headless || !isTerminal(os.Stdout) || !isTerminal(os.Stdin); config.Headless {
			logger, flush := serverLog()
			defer flush()
			config.Logger, config.Log = logger, os.Stderr
		} else {
			log := openLogFile("devenv")
			defer log.close(os.Stderr)
			config.Logger, config.Log = log.logger(), log
			loadSettings(&config.Client)
			config.Archive = clientArchive
		}
		cluster, err := devenv.New(config)
		if err != nil {
			return startError(fmt.Errorf("start the cluster: %w", err))
		}
		return cluster.Run(ctx)
	})
	c.AddCommand(newPart(ended))
	return c
}

// partCommand is the command by which devenv starts its parts.
const partCommand = "part"

func newPart(ended *outcome) *cobra.Command {
	c := &cobra.Command{Use: partCommand, Short: "Be a part of devenv's cluster, which starts it", Hidden: true, Args: noArguments}
	c.RunE = ended.run(func(ctx context.Context, _ []string) error {
		logger, flush := serverLog()
		defer flush()
		return devenv.RunPart(ctx, os.Stdin, os.Stdout, proxyHistory, logger)
	})
	return c
}

func isTerminal(f *os.File) bool { return isatty.IsTerminal(f.Fd()) }
