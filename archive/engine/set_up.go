package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"sluice/archive/subject"
)

// What is noted with LOGS.
const (
	metaForm = "sluice.form"
	metaKeep = "sluice.keep"
)

// leastWindow is the shortest time for which NATS looks for duplicates by the ids of messages.
// Ours have none; what came within that time is read at each start.
const leastWindow = 100 * time.Millisecond

// setUp makes the JetStream streams, or brings those that are there in line.
func (e *Engine) setUp(ctx context.Context) error {
	if err := e.await(ctx); err != nil {
		return err
	}
	if most := e.conn.MaxPayload(); most < 1<<20 {
		return fmt.Errorf("%w: they take %d bytes", ErrTooLarge, most)
	}
	replicas := max(e.config.Replicas, 1)
	logs := jetstream.StreamConfig{
		Name: Logs, Subjects: []string{subject.All}, Storage: jetstream.FileStorage, Replicas: replicas,
		Discard: jetstream.DiscardOld, MaxAge: e.age, MaxBytes: e.config.MaxBytes, AllowDirect: true, AllowMsgTTL: true,
		Duplicates:  leastWindow,
		Metadata:    map[string]string{metaForm: strconv.Itoa(storeForm), metaKeep: e.config.Keep.meta()},
		Description: "Logs, archived by sluice",
	}
	if logs.MaxBytes == 0 {
		logs.MaxBytes = -1
	}
	last := jetstream.StreamConfig{
		Name: Last, Subjects: []string{lastRoot + ".>"}, Storage: jetstream.FileStorage, Replicas: replicas,
		MaxMsgsPerSubject: 1, AllowDirect: true, Duplicates: leastWindow,
		Metadata:    map[string]string{metaForm: strconv.Itoa(storeForm)},
		Description: "How far sluice archived each stream",
	}
	for _, want := range []jetstream.StreamConfig{logs, last} {
		if err := e.bring(ctx, want); err != nil {
			return err
		}
	}
	return nil
}

// bring makes a JetStream stream be as is wanted.
func (e *Engine) bring(ctx context.Context, want jetstream.StreamConfig) error {
	s, err := e.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err := e.js.CreateStream(ctx, want)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // by another archive, meanwhile
			return e.bring(ctx, want)
		}
		return e.failed("make", want.Name, err)
	}
	if err != nil {
		return e.failed("look for", want.Name, err)
	}
	have := s.CachedInfo().Config
	form, err := strconv.Atoi(have.Metadata[metaForm])
	switch {
	case err != nil:
		return fmt.Errorf("the NATS servers have a JetStream stream %s that is not of sluice: give the archive an account of its own", want.Name)
	case form > storeForm:
		return fmt.Errorf("%s is of form %d: %w", want.Name, form, ErrNewer)
	}
	if was, now := have.Metadata[metaKeep], want.Metadata[metaKeep]; was != now {
		e.log.Info("archive: what is kept has changed", "from", was, "to", now)
	}
	if _, err := e.js.UpdateStream(ctx, want); err != nil {
		return e.failed("change", want.Name, err)
	}
	return nil
}

// ttl is the age that a batch of a stream carries with it; empty if that of LOGS is it.
func (e *Engine) ttl(stream string) string {
	age := e.config.Keep.Age(stream)
	if age == 0 || age == e.age {
		return ""
	}
	return strconv.FormatInt(int64(age/time.Second), 10) + "s"
}
