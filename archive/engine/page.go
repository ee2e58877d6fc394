package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
)

// Page bounds what comes in one answer.
type Page struct {
	Messages int // 0 means 256
	Bytes    int // of all of them, about; 0 means 4 MiB
}

// Page gets the next messages of a subject, or of a wildcard, from a sequence on, in the
// order of their sequences: one request, of which the answers stream. pending is how many
// there are after those. None is no error.
func (c *Client) Page(ctx context.Context, subject string, sequence uint64, bounds Page) (got []Message, pending uint64, err error) {
	if err := c.await(ctx); err != nil {
		return nil, 0, err
	}
	if bounds.Messages <= 0 {
		bounds.Messages = 256
	}
	if bounds.Bytes <= 0 {
		bounds.Bytes = 4 << 20
	}
	body, err := json.Marshal(lookup{Seq: max(sequence, 1), NextFor: subject, Batch: bounds.Messages, MaxBytes: bounds.Bytes})
	if err != nil {
		return nil, 0, err
	}
	inbox := nats.NewInbox()
	sub, err := c.conn.SubscribeSync(inbox)
	if err != nil {
		return nil, 0, c.failed("get from", Logs, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := c.conn.PublishRequest("$JS.API.DIRECT.GET."+Logs, inbox, body); err != nil {
		return nil, 0, c.failed("get from", Logs, err)
	}
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return got, 0, c.failed("get from", Logs, unanswered(err))
		}
		switch status := m.Header.Get("Status"); status {
		case "404":
			return got, 0, nil
		case "204": // the end
			pending, err := strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64)
			if err != nil {
				return got, 0, fmt.Errorf("read the end of a page: %w", err)
			}
			return got, pending, nil
		}
		one, err := direct(m)
		if err != nil {
			return got, 0, c.failed("get from", Logs, err)
		}
		got = append(got, one)
	}
}
