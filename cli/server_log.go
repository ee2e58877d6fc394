package cli

import (
	"log/slog"
	"os"

	"sluice/cluster/stdio"
)

// serverLogLimit bounds what a server has logged and nobody has read, in bytes.
const serverLogLimit = 256 << 10

// serverLog is where servers log to: standard error. A pipe or a terminal that nobody
// reads makes nobody wait; what is left out for it is counted, and said once somebody
// reads. Call flush when all is logged.
func serverLog() (log *slog.Logger, flush func()) {
	direct := slog.New(slog.NewTextHandler(os.Stderr, nil))
	q := stdio.NewQueue(os.Stderr, serverLogLimit, func(n uint64) {
		direct.Warn("lines left out: nobody read standard error", "count", n)
	})
	return slog.New(slog.NewTextHandler(q, nil)), q.Close
}
