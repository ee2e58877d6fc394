package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// lookup is a direct get, in the words of the servers.
type lookup struct {
	Seq       uint64     `json:"seq,omitempty"`
	LastFor   string     `json:"last_by_subj,omitempty"`
	NextFor   string     `json:"next_by_subj,omitempty"`
	StartTime *time.Time `json:"start_time,omitempty"`
	Batch     int        `json:"batch,omitempty"`
	MaxBytes  int        `json:"max_bytes,omitempty"`
}

// Last is the last batch of a subject. ErrNone when none is held.
func (c *Client) Last(ctx context.Context, subject string) (Message, error) {
	return c.get(ctx, Logs, lookup{LastFor: subject})
}

// Get is the message of LOGS at a sequence. ErrNone when it is not held (any more).
func (c *Client) Get(ctx context.Context, sequence uint64) (Message, error) {
	what := lookup{Seq: max(sequence, 1)}
	if c.embedded() {
		m, err := c.ask(ctx, batchGet, Logs, what)
		if !errors.Is(err, ErrNoArchive) {
			return m, err
		}
		c.alone.Store(time.Now().Add(aloneFor).UnixNano())
	}
	return c.get(ctx, Logs, what)
}

// aloneFor is how long an archive is not asked for batches again that did not answer.
const aloneFor = 10 * time.Second

// embedded reports whether the server that the client is connected to is an archive's own,
// which can be asked for batches more cheaply.
func (c *Client) embedded() bool {
	return time.Now().UnixNano() >= c.alone.Load() && strings.HasPrefix(c.conn.ConnectedServerName(), embeddedName)
}

// From is the first message of a subject, or of a wildcard, at a sequence or behind it.
// ErrNone when there is none.
func (c *Client) From(ctx context.Context, subject string, sequence uint64) (Message, error) {
	return c.get(ctx, Logs, lookup{Seq: max(sequence, 1), NextFor: subject})
}

// Since is the first message of a subject, or of a wildcard, that was stored at a time or
// later. ErrNone when there is none. For a subject of which there is little it takes long:
// the server goes through all that was stored since. By the links of batches one gets
// there in a known number of steps.
func (c *Client) Since(ctx context.Context, subject string, stored time.Time) (Message, error) {
	return c.get(ctx, Logs, lookup{StartTime: &stored, NextFor: subject})
}

func (c *Client) get(ctx context.Context, stream string, what lookup) (Message, error) {
	return c.ask(ctx, "$JS.API.DIRECT.GET."+stream, stream, what)
}

func (c *Client) ask(ctx context.Context, subject, stream string, what lookup) (Message, error) {
	if err := c.await(ctx); err != nil {
		return Message{}, err
	}
	body, err := json.Marshal(what)
	if err != nil {
		return Message{}, err
	}
	m, err := c.conn.RequestWithContext(ctx, subject, body)
	if err != nil {
		return Message{}, c.failed("get from", stream, unanswered(err))
	}
	got, err := direct(m)
	if err != nil {
		return got, c.failed("get from", stream, err)
	}
	return got, nil // a server that is cut off from the others says so much, too
}

// unanswered is the error of a direct get to which nobody listens: there is no such
// JetStream stream, or no server that has it.
func unanswered(err error) error {
	if errors.Is(err, nats.ErrNoResponders) {
		return jetstream.ErrStreamNotFound
	}
	return err
}

// direct is the message in the answer to a direct get.
func direct(m *nats.Msg) (Message, error) {
	switch status := m.Header.Get("Status"); {
	case status == "404":
		return Message{}, ErrNone
	case status != "":
		return Message{}, fmt.Errorf("the server says: %s %.200q", status, m.Header.Get("Description"))
	}
	got := Message{Subject: m.Header.Get(jetstream.SubjectHeader), Header: m.Header, Payload: m.Data}
	var err1, err2 error
	got.Sequence, err1 = strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64)
	got.Stored, err2 = time.Parse(time.RFC3339Nano, m.Header.Get(jetstream.TimeStampHeaer))
	if err := errors.Join(err1, err2); err != nil {
		return Message{}, fmt.Errorf("read the answer to a direct get: %w", err)
	}
	return got, nil
}

// LastAtLeader is the last batch of a subject as it is now, however many replicas there
// are. ErrNone when none is held.
func (c *Client) LastAtLeader(ctx context.Context, subject string) (Message, error) {
	return c.atLeader(ctx, Logs, lookup{LastFor: subject})
}

func (c *Client) atLeader(ctx context.Context, stream string, what lookup) (Message, error) {
	if err := c.await(ctx); err != nil {
		return Message{}, err
	}
	body, err := json.Marshal(what)
	if err != nil {
		return Message{}, err
	}
	m, err := c.conn.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+stream, body)
	if err != nil {
		return Message{}, c.failed("get from", stream, err)
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message *struct {
			Subject string    `json:"subject"`
			Seq     uint64    `json:"seq"`
			Hdrs    []byte    `json:"hdrs"`
			Data    []byte    `json:"data"`
			Time    time.Time `json:"time"`
		} `json:"message"`
	}
	switch err := json.Unmarshal(m.Data, &answer); {
	case err != nil:
		return Message{}, fmt.Errorf("read the answer of %s: %w", stream, err)
	case answer.Error != nil && answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return Message{}, c.failed("get from", stream, ErrNone)
	case answer.Error != nil && answer.Error.ErrorCode == jetstream.JSErrCodeStreamNotFound:
		return Message{}, c.failed("get from", stream, jetstream.ErrStreamNotFound)
	case answer.Error != nil:
		return Message{}, c.failed("get from", stream, answer.Error)
	case answer.Message == nil:
		return Message{}, fmt.Errorf("read the answer of %s: it has no message", stream)
	}
	got := Message{Subject: answer.Message.Subject, Sequence: answer.Message.Seq, Payload: answer.Message.Data, Stored: answer.Message.Time}
	if len(answer.Message.Hdrs) > 0 {
		if got.Header, err = nats.DecodeHeadersMsg(answer.Message.Hdrs); err != nil {
			return Message{}, fmt.Errorf("read the answer of %s: %w", stream, err)
		}
	}
	return got, nil
}
