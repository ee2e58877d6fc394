package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
)

// newest asks for the last messages of subjects, in the words of the servers.
type newest struct {
	Subjects []string `json:"multi_last"`
	Seq      uint64   `json:"seq,omitempty"`
	UpTo     uint64   `json:"up_to_seq,omitempty"`
	MaxBytes int      `json:"max_bytes,omitempty"`
}

const (
	newestBytes = 16 << 20 // of one answer, about
	newestTries = 5        // while messages go that are just being sent
)

// Newest is the last batch of each subject that a filter takes in, of 1,024 at most; with
// upTo, of those at that sequence or before it. At the end of what is held that is done at
// once, far before it it takes the longer the rarer the subjects are. They may be a little old,
// as those of Last. Either all of them come, or an error.
func (c *Client) Newest(ctx context.Context, filter string, upTo uint64) ([]Message, error) {
	return c.newest(ctx, filter, upTo, newestBytes)
}

func (c *Client) newest(ctx context.Context, filter string, upTo uint64, bytes int) (got []Message, err error) {
	if err := c.await(ctx); err != nil {
		return nil, err
	}
	inbox := nats.NewInbox()
	sub, err := c.conn.SubscribeSync(inbox)
	if err != nil {
		return nil, c.failed("get from", Logs, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	tries := 0
	for {
		ask := newest{Subjects: []string{filter}, UpTo: upTo, MaxBytes: bytes}
		if len(got) > 0 { // there was too much for one answer
			ask.Seq = got[len(got)-1].Sequence + 1
		}
		body, err := json.Marshal(ask)
		if err != nil {
			return nil, err
		}
		if err := c.conn.PublishRequest("$JS.API.DIRECT.GET."+Logs, inbox, body); err != nil {
			return nil, c.failed("get from", Logs, err)
		}
		for more := true; more; {
			m, err := sub.NextMsgWithContext(ctx)
			if err != nil {
				return nil, c.failed("get from", Logs, unanswered(err))
			}
			switch m.Header.Get("Status") {
			case "404":
				if m.Header.Get("Description") == noResults {
					return got, nil
				}
				// One went between being looked up and being sent, and with it the rest.
				if tries++; tries == newestTries {
					return nil, fmt.Errorf("get from %s: the last batch of a subject of %q cannot be read", Logs, filter)
				}
				more = false
			case "413":
				return nil, fmt.Errorf("get from %s: more than 1,024 subjects match %q: ask for fewer", Logs, filter)
			case "204":
				if m.Header.Get("Nats-Num-Pending") == "0" {
					return got, nil
				}
				// What comes now is as of then, or what was appended meanwhile would be missing.
				if upTo, err = strconv.ParseUint(m.Header.Get("Nats-UpTo-Sequence"), 10, 64); err != nil || len(got) == 0 {
					return nil, fmt.Errorf("get from %s: the server says that there is more, and not where: %w", Logs, err)
				}
				more = false
			default:
				one, err := direct(m)
				if err != nil {
					return nil, c.failed("get from", Logs, err)
				}
				got = append(got, one)
			}
		}
	}
}

// noResults is how a server says that no message is among those that were asked for.
const noResults = "No Results"
