package consume

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"sluice/archive/engine"
)

// Forget removes a group, and what it has put aside: the next worker of that name begins
// anew. Its workers end. The error for a group that is not there wraps ErrConfig.
func Forget(ctx context.Context, client *engine.Client, group string) error {
	if err := checkGroup(group); err != nil {
		return err
	}
	s := newStore(client)
	if err := s.prepare(ctx); err != nil {
		return err
	}
	g, _, err := s.load(ctx, group)
	if err == nil && g == nil {
		return wrongf("there is no group %s", group)
	}
	if err != nil && !errors.Is(err, ErrConfig) { // one that cannot be read is to be forgotten, too
		return err
	}
	for _, part := range []struct{ stream, subject string }{
		{groupsStream, groupSubject(group)},
		{groupsStream, "groups." + group + ".>"},
		{deferStream, "defer." + group + ".*"},
		{deadStream, deadSubject(group)},
	} {
		if err := s.purge(ctx, part.stream, part.subject); err != nil {
			return err
		}
	}
	for _, name := range []string{engine.Logs, deferStream} {
		if err := s.dropConsumers(ctx, name, group); err != nil {
			return err
		}
	}
	return nil
}

// dropConsumers removes the consumers of a group.
func (s *store) dropConsumers(ctx context.Context, stream, group string) error {
	from, err := s.stream(ctx, stream)
	if err != nil {
		return err
	}
	names := from.ConsumerNames(ctx)
	for name := range names.Name() {
		number, ok := strings.CutPrefix(name, consumerName(group, ""))
		if !ok || strings.Trim(number, "0123456789") != "" {
			continue
		}
		if err := from.DeleteConsumer(ctx, name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return fmt.Errorf("forget group %s: %w", group, err)
		}
	}
	if err := names.Err(); err != nil {
		return fmt.Errorf("forget group %s: %w", group, err)
	}
	return nil
}
