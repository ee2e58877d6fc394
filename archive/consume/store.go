package consume

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sluice/archive/engine"
)

// The JetStream streams that groups keep their state in, one for all groups.
const (
	groupsStream = "GROUPS" // groups.<group>, and groups.<group>.at.<subject>
	deferStream  = "DEFER"  // defer.<group>.<delay>: the records that are tried again
	deadStream   = "DEAD"   // dead.<group>: those that are not
)

// store is the archive as groups use it.
type store struct {
	*engine.Client
	js jetstream.JetStream

	mu      sync.Mutex
	streams map[string]jetstream.Stream // that were looked for
}

func newStore(c *engine.Client) *store {
	return &store{Client: c, js: c.JetStream(), streams: map[string]jetstream.Stream{}}
}

// stream finds a JetStream stream.
func (s *store) stream(ctx context.Context, name string) (jetstream.Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.streams[name]; found != nil {
		return found, nil
	}
	found, err := s.js.Stream(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("look for stream %s: %w", name, err)
	}
	s.streams[name] = found
	return found, nil
}

// How long a request may take, and the first of a worker: its answer is lost when the connection is.
const (
	answerWithin = 3 * time.Second
	readyWithin  = 2 * time.Second
)

// Get, From, Last and LastAtLeader are those of the Client, and do not wait for ever.
func (s *store) Get(ctx context.Context, sequence uint64) (engine.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return s.Client.Get(ctx, sequence)
}

func (s *store) From(ctx context.Context, subject string, sequence uint64) (engine.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return s.Client.From(ctx, subject, sequence)
}

func (s *store) Last(ctx context.Context, subject string) (engine.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return s.Client.Last(ctx, subject)
}

func (s *store) LastAtLeader(ctx context.Context, subject string) (engine.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return s.Client.LastAtLeader(ctx, subject)
}

// prepare makes the streams that are not there.
func (s *store) prepare(ctx context.Context) error {
	ready, cancel := context.WithTimeout(ctx, readyWithin) // and again, by a new request
	defer cancel()
	if err := s.Ready(ready); err != nil {
		return err
	}
	for _, c := range []jetstream.StreamConfig{
		{
			Name: groupsStream, Subjects: []string{"groups.>"}, MaxMsgsPerSubject: 1,
			Description: "Where the consumer groups of sluice are",
		},
		{
			Name: deferStream, Subjects: []string{"defer.>"}, Retention: jetstream.WorkQueuePolicy,
			Description: "Records that consumer groups of sluice try again",
		},
		{
			Name: deadStream, Subjects: []string{"dead.>"}, AllowDirect: true,
			Description: "Records that consumer groups of sluice have given up",
		},
	} {
		_, err := s.stream(ctx, c.Name)
		if !errors.Is(err, jetstream.ErrStreamNotFound) {
			if err != nil {
				return err
			}
			continue
		}
		logs, err := s.stream(ctx, engine.Logs)
		if err != nil {
			return err
		}
		c.Storage, c.Replicas = jetstream.FileStorage, logs.CachedInfo().Config.Replicas
		if _, err := s.js.CreateStream(ctx, c); err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return fmt.Errorf("make stream %s: %w", c.Name, err)
		}
	}
	return nil
}

// kept is the value of a subject in groupsStream, by its leader, and the sequence under
// which it stands there; nil and 0 if there is none.
func (s *store) kept(ctx context.Context, subject string) ([]byte, uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	groups, err := s.stream(ctx, groupsStream)
	if err != nil {
		return nil, 0, err
	}
	m, err := groups.GetLastMsgForSubject(ctx, subject)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("read %s: %w", subject, err)
	}
	return m.Data, m.Sequence, nil
}

// errMoved says that somebody else has changed what was to be changed.
var errMoved = errors.New("changed by another worker")

// keep changes the value of a subject in groupsStream, if it is still the one that stands
// under a sequence, and returns the new sequence.
func (s *store) keep(ctx context.Context, subject string, value []byte, was uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	ack, err := s.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: value}, jetstream.WithExpectLastSequencePerSubject(was))
	if isWrongSequence(err) {
		return 0, errMoved
	}
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", subject, err)
	}
	return ack.Sequence, nil
}

func isWrongSequence(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) &&
		(api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// nextHeld is the sequence of the first batch of some filters from a sequence on, as the
// leader of LOGS knows it now; 0 if there is none. What a consumer says is pending may be
// a little old.
func (s *store) nextHeld(ctx context.Context, filters []string, from uint64) (first uint64, err error) {
	for _, f := range filters {
		request, err := json.Marshal(map[string]any{"seq": max(from, 1), "next_by_subj": f})
		if err != nil {
			return 0, err
		}
		within, cancel := context.WithTimeout(ctx, answerWithin)
		m, err := s.js.Conn().RequestWithContext(within, "$JS.API.STREAM.MSG.GET."+engine.Logs, request)
		cancel()
		if err != nil {
			return 0, fmt.Errorf("look for the next batch: %w", err)
		}
		var answer struct {
			Error   *jetstream.APIError `json:"error"`
			Message struct {
				Sequence uint64 `json:"seq"`
			} `json:"message"`
		}
		switch err := json.Unmarshal(m.Data, &answer); {
		case err != nil:
			return 0, fmt.Errorf("look for the next batch: %w", err)
		case answer.Error != nil && answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
			continue
		case answer.Error != nil:
			return 0, fmt.Errorf("look for the next batch: %w", answer.Error)
		}
		if first == 0 || answer.Message.Sequence < first {
			first = answer.Message.Sequence
		}
	}
	return first, nil
}
