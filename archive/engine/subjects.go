package engine

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"
)

// State is what LOGS holds.
type State struct {
	Messages, Bytes uint64
	First, Last     Message // without header and payload; zero when nothing is held
	Subjects        uint64
	Replicas        int // that are there, the leader among them
	Lagging         int // replicas that are not there, or not current
	Leader          string
	Keep            Keep  // the rules that it was last opened with
	MaxBytes        int64 // 0 none

	// Damaged is how many bytes the server found unreadable when it began, and gave up with what
	// stood behind them in their blocks.
	Damaged uint64
}

// State asks what is held.
func (c *Client) State(ctx context.Context) (State, error) {
	s, err := c.stream(ctx, Logs)
	if err != nil {
		return State{}, err
	}
	i := s.CachedInfo()
	state := State{
		Messages: i.State.Msgs, Bytes: i.State.Bytes, Subjects: i.State.NumSubjects, Replicas: 1,
		MaxBytes: max(i.Config.MaxBytes, 0),
	}
	state.Keep, _ = readKeep(i.Config.Metadata[metaKeep])
	if i.State.Msgs > 0 {
		state.First = Message{Sequence: i.State.FirstSeq, Stored: i.State.FirstTime}
		state.Last = Message{Sequence: i.State.LastSeq, Stored: i.State.LastTime}
	}
	if i.State.Lost != nil {
		state.Damaged = i.State.Lost.Bytes
	}
	if i.Cluster != nil {
		state.Leader = i.Cluster.Leader
		for _, r := range i.Cluster.Replicas {
			if r.Current && !r.Offline {
				state.Replicas++
			} else {
				state.Lagging++
			}
		}
	}
	return state, nil
}

// Subjects is how many batches of each subject are held that a filter takes in (a subject,
// with wildcards if wished). The servers give them in pages of 100,000.
func (c *Client) Subjects(ctx context.Context, filter string) (map[string]uint64, error) {
	s, err := c.stream(ctx, Logs)
	if err != nil {
		return nil, err
	}
	i, err := s.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return nil, c.failed("list subjects of", Logs, err)
	}
	return i.State.Subjects, nil
}
