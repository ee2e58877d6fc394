package cli

import (
	"context"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"sluice/cluster/publish"
	"sluice/headless/collector"
	"sluice/headless/collector/naming"
	"sluice/headless/shipper"
)

func newCollect(ended *outcome) *cobra.Command {
	var (
		config  collector.Config
		client  publish.Config
		files   []string
		syslogs []string
		journal string
		exports string
		input   string
		format  = lineFormat(shipper.Auto)
		keys    curveKeys
		buffer  = size(defaultShipping)
		summary = summaryText
	)
	c := &cobra.Command{
		Use:   "collect",
		Short: "Publish the logs that this machine already has",
		Long: "Publish the logs that this machine already has to its consolidator: files by patterns, as soon as they are\n" +
			"there, also those of container runtimes; systemd's journal, syslog, and OpenTelemetry's logs. The first --files\n" +
			"whose pattern a file matches counts. A hole in it, as in {namespace}, holds any text without a /, and fills the\n" +
			"same hole in the name of the stream. Files are followed through rotation and truncation, and read to their end\n" +
			"when they are deleted. It waits for the consolidator rather than losing, and says what is missing: in the\n" +
			"stream, at the end, and by exit code 1.",
		Example: "  sluice collect --files '/var/log/nginx/*.log=system/nginx' --state /var/lib/sluice/collect\n" +
			"  sluice collect --files '/var/log/containers/{pod}_{namespace}_{container}-*.log=tenant/{namespace}'\n" +
			"  sluice collect --journal 'system/{unit}' --state /var/lib/sluice/collect\n" +
			"  sluice collect --otlp-grpc 127.0.0.1:4317 --otlp-http 127.0.0.1:4318 --otlp-stream 'tenant/{service.namespace}'\n" +
			"  sluice collect --syslog 'udp://127.0.0.1:5514=system/{app}'",
		Args: noArguments,
	}
	flags := c.Flags()
	flags.StringVar(&client.Endpoint, "to", publish.DefaultEndpoint, "publish to the consolidator at this endpoint, tcp://HOST:PORT or ipc://PATH")
	keys.flags(flags)
	flags.StringArrayVar(&files, "files", nil, "follow the files that match, PATTERN=STREAM, both with holes (repeatable; the first that matches counts)")
	flags.Var(&format, "format", "what the lines of the files are: auto, plain, cri, docker")
	flags.StringVar(&journal, "journal", "", "follow systemd's journal, into this STREAM; its holes are {unit}, {user_unit}, {identifier}, {host}, {transport}, {container}, and the journal's fields")
	flags.StringVar(&config.Journal.Directory, "journal-directory", "", "with --journal, follow the journal in this folder; default: this machine's")
	flags.StringVar(&input, "journal-input", "", "with --journal, read this file in the form of journalctl -o export to its end; - is standard input")
	flags.StringArrayVar(&syslogs, "syslog", nil, "listen for syslog, udp://HOST:PORT=STREAM or tcp://HOST:PORT=STREAM; its holes are {app}, {host}, {facility}, {severity}, {msgid}, {peer} (repeatable)")
	flags.StringVar(&config.OTLP.GRPC, "otlp-grpc", "", "take logs of OpenTelemetry by gRPC on this address, usually 127.0.0.1:4317")
	flags.StringVar(&config.OTLP.HTTP, "otlp-http", "", "take logs of OpenTelemetry by HTTP on this address, usually 127.0.0.1:4318")
	flags.StringVar(&exports, "otlp-stream", "", "publish logs of OpenTelemetry to this STREAM; its holes are attributes, as in tenant/{service.namespace}")
	flags.IntVar(&config.MaxStreams, "max-streams", collector.DefaultMaxStreams, "let one source of the network name at most this many streams; what is for more goes to the one whose holes are -")
	flags.StringVar(&config.State, "state", "", "keep in this file how far all is acknowledged, and go on there the next time")
	flags.IntVar(&config.OpenFiles, "open-files", collector.DefaultOpenFiles, "have at most this many files open")
	flags.BoolVar(&config.New, "new", false, "begin at the ends of the files that are there at the beginning")
	flags.StringVar(&config.Hostname, "hostname", "", "the machine's name, for what does not say it; default: this one's")
	flags.BoolVar(&config.NoJoin, "no-join", false, "do not join the lines of a stack trace: each is a record")
	flags.BoolVar(&client.Once, "once", false, "after a break do not send again what may have arrived: nothing is there twice, and it is counted as uncertain")
	flags.DurationVar(&config.Wait, "wait", 0, "give up when the consolidator is away, or acknowledges nothing, for this time; default: never")
	flags.Var(&buffer, "buffer", "keep at most this size of records that are not acknowledged")
	adminFlags(flags, &config.Admin, "", &config.Profile, &config.AdminOpen)
	flags.BoolVar(&config.Insecure, "insecure", false, "listen beyond this machine, although everybody there can write")
	flags.Var(&summary, "summary", "report at the end what became of everything, on standard error: text, json, none")
	c.RunE = ended.run(func(ctx context.Context, _ []string) error {
		for _, text := range files {
			f, err := collector.ParseFiles(text)
			if err != nil {
				return usagef("--files: %w", err)
			}
			config.Files = append(config.Files, f)
		}
		if journal == "" && (input != "" || config.Journal.Directory != "") {
			return usagef("--journal-directory and --journal-input make sense with --journal")
		}
		if journal != "" {
			rule, err := collector.ParseJournal(journal)
			if err != nil {
				return usagef("--journal: %w", err)
			}
			config.Journal.Stream = rule
		}
		switch input {
		case "":
		case "-":
			config.Journal.Input = os.Stdin
		default:
			file, err := os.Open(input)
			if err != nil {
				return usagef("--journal-input: %w", err)
			}
			defer file.Close()
			config.Journal.Input = file
		}
		if exports != "" {
			rule, err := naming.Parse(exports)
			if err != nil {
				return usagef("--otlp-stream: %w", err)
			}
			config.OTLP.Stream = rule
		}
		for _, text := range syslogs {
			of, err := collector.ParseSyslog(text)
			if err != nil {
				return usagef("--syslog: %w", err)
			}
			config.Syslog = append(config.Syslog, of)
		}
		config.Format = shipper.Format(format)
		config.Endpoint, config.Notices, config.Once = client.Endpoint, os.Stderr, client.Once
		if isTerminal(os.Stderr) {
			config.Progress.Terminal, config.Progress.Width = os.Stderr, stderrWidth
		}
		client.Buffer = int(buffer)
		config.OpenFiles, config.OpenDirs = fitOpenFiles(config.OpenFiles)
		err := keys.publish(&client)
		if err == nil {
			config.Client, err = publish.Open(client)
		}
		if err != nil {
			return &usageError{err}
		}
		collect, err := collector.New(config)
		if err != nil {
			none, cancel := context.WithCancel(ctx)
			cancel()
			config.Client.Close(none)
			return &usageError{err}
		}
		ready, leave := underManager(ctx, slog.New(slog.NewTextHandler(os.Stderr, nil)))
		defer leave()
		ready()
		err = collect.Run(ctx)
		summary.write(collect.Summary())
		return err
	})
	return c
}
