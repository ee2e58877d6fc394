package cli

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"sluice/cluster/names"
	"sluice/cluster/publish"
	"sluice/headless/shipper"
)

// defaultShipping is how much `sluice publish` keeps until it is acknowledged,
// in bytes.
const defaultShipping = 16 << 20

func newPublish(ended *outcome) *cobra.Command {
	var (
		config  shipper.Config
		client  publish.Config
		keys    curveKeys
		buffer  = size(defaultShipping)
		summary = summaryText
	)
	c := &cobra.Command{
		Use:   "publish STREAM [FILE…]",
		Short: "Publish lines from files or standard input",
		Long: "Publish lines from files, or standard input, to the consolidator of this machine. What they are is told by what\n" +
			"is in them: text, UTF-16, gzip, zstd, bzip2, xz; what cannot be read is refused. A bunyan record goes byte for byte;\n" +
			"any other JSON object becomes one (its time, level and msg are known by their usual names); other lines\n" +
			"become the msg of one, and stack traces are joined. It waits for the consolidator rather than losing, and says\n" +
			"at the end what was acknowledged, and what is uncertain.",
		Example: "  journalctl -f -o cat | sluice publish system\n" +
			"  sluice publish system/nginx /var/log/nginx/error.log --follow\n" +
			"  sluice publish tenant/acme old.ndjson --wait 30s --summary json",
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return helpHint(c, usagef("no stream is named: name one, such as system"))
		}
		if err := names.Check(args[0]); err != nil {
			return helpHint(c, usagef("stream %q: %w", args[0], err))
		}
		return nil
	}
	flags := c.Flags()
	flags.StringVar(&client.Endpoint, "to", publish.DefaultEndpoint, "publish to the consolidator at this endpoint, tcp://HOST:PORT or ipc://PATH")
	keys.flags(flags)
	flags.BoolVarP(&config.Follow, "follow", "f", false, "go on when a file has ended, through rotation and truncation, as tail -F does")
	flags.StringVar(&config.State, "state", "", "with --follow, keep in this file how far the files are acknowledged, and go on there the next time")
	flags.IntVar(&config.OpenFiles, "open-files", shipper.DefaultOpenFiles, "with --follow, have at most this many files open: those that have the names, and renamed ones")
	flags.BoolVar(&config.New, "new", false, "with --follow, begin at the ends of the files that are there")
	flags.StringVar(&config.Name, "name", "", "the program's name, for lines that do not say it; default: the last part of STREAM")
	flags.StringVar(&config.Hostname, "hostname", "", "the machine's name, for lines that do not say it; default: this one's")
	flags.BoolVar(&config.NoJoin, "no-join", false, "do not join the lines of a stack trace: each is a record")
	flags.BoolVar(&client.Once, "once", false, "after a break do not send again what may have arrived: nothing is there twice, and it is counted as uncertain")
	flags.DurationVar(&config.Wait, "wait", 0, "give up when the consolidator is away, or acknowledges nothing, for this time; default: never")
	flags.Var(&buffer, "buffer", "keep at most this size of records that are not acknowledged")
	c.ValidArgsFunction = streamThenFiles
	flags.Var(&summary, "summary", "report at the end what became of the lines, on standard error: text, json, none")
	c.RunE = ended.run(func(ctx context.Context, args []string) error {
		config.Stream, config.Files, config.Endpoint = args[0], args[1:], client.Endpoint
		config.Stdin, config.Notices = os.Stdin, os.Stderr
		if isTerminal(os.Stderr) {
			config.Progress.Terminal, config.Progress.Width = os.Stderr, stderrWidth
		}
		client.Buffer, config.Once = int(buffer), client.Once
		err := keys.publish(&client)
		if err == nil {
			config.Client, err = publish.Open(client)
		}
		if err != nil {
			return &usageError{err}
		}
		ship, err := shipper.New(config)
		if err != nil {
			none, cancel := context.WithCancel(ctx)
			cancel()
			config.Client.Close(none)
			return &usageError{err}
		}
		err = ship.Run(ctx)
		summary.write(ship.Summary())
		return err
	})
	return c
}
