package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"
)

// newest asks for the last messages of subjects, in the words of the servers.
type newest struct {
	Subjects []string `json:"multi_last"`
	Seq      uint64   `json:"seq,omitempty"`
	UpTo     uint64   `json:"up_to_seq,omitempty"`
}

// Newest is the last batch of each subject that a filter takes in, of 1,024 at most; with
// upTo, of those at that sequence or before it. One request gets them: at the end of what is
// held at once, far before it the longer the rarer the subjects are. They may be a little old,
// as those of Last.
func (c *Client) Newest(ctx context.Context, filter string, upTo uint64) (got []Message, err error) {
	if err := c.await(ctx); err != nil {
		return nil, err
	}
	inbox := nats.NewInbox()
	sub, err := c.conn.SubscribeSync(inbox)
	if err != nil {
		return nil, c.failed("get from", Logs, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	for from := uint64(0); ; {
		body, err := json.Marshal(newest{Subjects: []string{filter}, Seq: from, UpTo: upTo})
		if err != nil {
			return nil, err
		}
		if err := c.conn.PublishRequest("$JS.API.DIRECT.GET."+Logs, inbox, body); err != nil {
			return nil, c.failed("get from", Logs, err)
		}
		for {
			m, err := sub.NextMsgWithContext(ctx)
			if err != nil {
				return nil, c.failed("get from", Logs, unanswered(err))
			}
			switch status := m.Header.Get("Status"); status {
			case "404":
				return got, nil
			case "413":
				return nil, fmt.Errorf("get from %s: more than 1,024 subjects match %q: ask for fewer", Logs, filter)
			case "204":
				if m.Header.Get("Nats-Num-Pending") == "0" || len(got) == 0 {
					return got, nil
				}
			case "":
				one, err := direct(m)
				if err != nil {
					return nil, c.failed("get from", Logs, err)
				}
				got = append(got, one)
				continue
			default:
				_, err := direct(m)
				return nil, c.failed("get from", Logs, err)
			}
			break
		}
		// There was too much for one answer.
		from, upTo = got[len(got)-1].Sequence+1, max(upTo, got[len(got)-1].Sequence)
	}
}
