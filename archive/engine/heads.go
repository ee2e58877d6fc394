package engine

import (
	"context"
	"iter"

	"github.com/nats-io/nats.go/jetstream"
)

// Heads are the last batches of all subjects that a filter takes in, each subject once,
// without payloads: to be read by batch.Peek. They may be a little old, as those of Last: a
// batch that is appended meanwhile may be missing. An error is the last thing that it yields.
func (c *Client) Heads(ctx context.Context, filter string) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) { c.lasts(ctx, Logs, filter, true, yield) }
}

// lasts yields the last message of each subject of a JetStream stream, each subject once.
//
// The servers send more than that: what is appended while they send, and, when the
// connection was lost meanwhile, all messages behind the last one that had come. The first is
// passed over; with the second it begins again, with the subjects that have not come.
func (c *Client) lasts(ctx context.Context, stream, filter string, heads bool, yield func(Message, error) bool) {
	config := jetstream.ConsumerConfig{FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, HeadersOnly: heads}
	had := make(map[string]struct{})
	for again := true; again; {
		again = false
		consumer := ""
		c.consume(ctx, stream, config, true, func(m Message, meta *jetstream.MsgMetadata, err error) bool {
			if err != nil {
				return yield(m, err)
			}
			if consumer == "" {
				consumer = meta.Consumer
			}
			if again = meta.Consumer != consumer; again {
				return false
			}
			if _, known := had[m.Subject]; known {
				return true
			}
			had[m.Subject] = struct{}{}
			return yield(m, nil)
		})
	}
}
