package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"github.com/nats-io/nats.go"

	"sluice/archive/batch"
	"sluice/archive/subject"
	"sluice/cluster/loss"
)

// Position is how far a stream of a consolidator was archived. The last batch says so,
// too; this is what is left of it when retention has removed it.
type Position struct {
	Consolidator, Stream string

	loss.Position             // of the next record to be archived
	Links         batch.Links // of the next batch: see batch.Head.After
}

// positionForm is a Position as it is stored in LAST.
type positionForm struct {
	Epoch uint64      `json:"epoch,string"`
	Next  uint64      `json:"next,string"`
	Links batch.Links `json:"links"`
}

const lastRoot = "last"

// positionSubject is the subject of a stream's position.
func positionSubject(consolidator, stream string) string {
	return lastRoot + strings.TrimPrefix(subject.Of(consolidator, stream), subject.Root)
}

// PutPosition stores how far a stream was archived. done is called as that of Append is. It
// takes the place of the one before: to be right, it is written by whoever's batch was
// taken last.
func (e *Engine) PutPosition(p Position, done func(sequence uint64, err error)) error {
	if err := e.room(512); err != nil {
		return fmt.Errorf("store a position: %w", err)
	}
	body, err := json.Marshal(positionForm{p.Epoch, p.Seq, p.Links})
	if err != nil {
		return err
	}
	return e.publish(&nats.Msg{Subject: positionSubject(p.Consolidator, p.Stream), Data: body}, done)
}

// Position is how far a stream was archived, as the leader knows it. ErrNone if it never was.
func (c *Client) Position(ctx context.Context, consolidator, stream string) (Position, error) {
	m, err := c.atLeader(ctx, Last, lookup{LastFor: positionSubject(consolidator, stream)})
	if err != nil {
		return Position{}, err
	}
	return readPosition(&m)
}

// Positions are those of all streams, each once. They may be a little old. An error is the
// last thing that it yields.
func (c *Client) Positions(ctx context.Context) iter.Seq2[Position, error] {
	return func(yield func(Position, error) bool) {
		c.lasts(ctx, Last, lastRoot+".>", false, func(m Message, err error) bool {
			if err != nil {
				return yield(Position{}, err)
			}
			return yield(readPosition(&m))
		})
	}
}

func readPosition(m *Message) (Position, error) {
	consolidator, stream, err := subject.Parse(subject.Root + strings.TrimPrefix(m.Subject, lastRoot))
	if err != nil {
		return Position{}, fmt.Errorf("read position of %.100q: %w", m.Subject, err)
	}
	var form positionForm
	if err := json.Unmarshal(m.Payload, &form); err != nil {
		return Position{}, fmt.Errorf("read position of %.100q: %w", m.Subject, err)
	}
	return Position{consolidator, stream, loss.Position{Epoch: form.Epoch, Seq: form.Next}, form.Links}, nil
}
