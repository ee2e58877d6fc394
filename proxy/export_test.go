package proxy

import (
	"net/http"

	"sluice/cluster/stream"
)

// ParseAsk lets tests read requests without a connection.
func ParseAsk(r *http.Request, escaped string) (name string, last uint64, err error) {
	a, err := parseAsk(r, escaped)
	if err != nil {
		return "", 0, err
	}
	return a.name, a.last, nil
}

// Next walks a log.
var Next = next

// Loss is the entry of a loss.
func Loss(name, reason string, count uint64) string {
	return string(appendLoss(nil, stream.EventID{Epoch: 1, Next: 1}, stream.LossEvent{
		Stream: name, Count: count, Hop: name, Reason: reason, Unknown: count == 0, Consolidator: name,
	}))
}
