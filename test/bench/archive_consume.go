package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sluice/archive/batch"
	"sluice/archive/consume"
	"sluice/archive/engine"
)

// Consuming is measured with four workers that do nothing, each with a connection of its
// own over TCP, on what is held of a hundred streams in batches of a thousand records.
// Beside it stands what one would write by hand: a message a record, and a pull consumer.
const (
	consumeName    = "archive: consume"
	consumeWorkers = 4
	consumeStreams = 100
	consumeBatch   = 1000 // records
	consumed       = 4_000_000
	consumedPlain  = 400_000
)

// eaten is what one round of consuming measured.
type eaten struct {
	rate float64 // records a second
	cpu  float64 // seconds a record, of the server and the workers, which are this process
}

func (o options) consumes(only *regexp.Regexp) error {
	if !only.MatchString(consumeName) {
		return nil
	}
	fmt.Printf("\n%s: four workers that do nothing, medians of %d rounds; CPU of server and workers\n\n", consumeName, o.rounds)
	fmt.Printf("%-24s %14s %12s\n", "", "records/s", "CPU, µs")
	for _, way := range []struct {
		name  string
		round func(context.Context, *engine.Engine) (eaten, error)
	}{{"sluice", consumeBatches(false)}, {"sluice, ordered", consumeBatches(true)}, {"a message a record", consumePlainly}} {
		var all []eaten
		for range o.rounds {
			r, err := withEngine(way.round)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", consumeName, way.name, err)
			}
			all = append(all, r)
		}
		slices.SortFunc(all, func(a, b eaten) int { return int(a.rate - b.rate) })
		m := all[len(all)/2]
		fmt.Printf("%-24s %14.0f %12.2f\n", way.name, m.rate, m.cpu*1e6)
	}
	return nil
}

func withEngine(round func(context.Context, *engine.Engine) (eaten, error)) (eaten, error) {
	dir, err := os.MkdirTemp("", "sluice-bench")
	if err != nil {
		return eaten{}, err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	e, err := engine.Open(ctx, engine.Config{Store: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		return eaten{}, err
	}
	r, err := round(ctx, e)
	return r, errors.Join(err, e.Close())
}

func consumeRecord(i int) []byte {
	return fmt.Appendf(nil, `{"v":0,"name":"shop","hostname":"vm-%d","pid":4711,"level":30,"time":"2026-03-01T12:00:%02d.%03dZ","msg":"GET /v1/things/%d/items took %d ms","req_id":"%016x","tenant":"acme","status":200,"duration":%d}`,
		i%7, i/1000%60, i%1000, i*7919%10_000, i*31%500, uint64(i)*0x9e3779b97f4a7c15, i*31%500)
}

func consumeBatches(ordered bool) func(context.Context, *engine.Engine) (eaten, error) {
	return func(ctx context.Context, e *engine.Engine) (eaten, error) {
		links := make([]batch.Links, consumeStreams)
		var builder batch.Builder
		for i := range consumed / consumeBatch {
			builder.Reset()
			for n := range consumeBatch {
				if err := builder.Add(consumeRecord(i*consumeBatch+n), 0, time.Now().UnixMilli()); err != nil {
					return eaten{}, err
				}
			}
			s := i % consumeStreams
			head := batch.Head{
				Consolidator: "vm-1", Stream: fmt.Sprintf("tenant/%03d", s), Epoch: 1,
				First: uint64(i / consumeStreams * consumeBatch), Links: links[s],
			}
			m := builder.Encode(&head)
			ack, err := e.JetStream().PublishMsg(ctx, &nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Payload})
			if err != nil {
				return eaten{}, err
			}
			links[s] = head.After(ack.Sequence)
		}
		return eatenBy(consumed, func(ctx context.Context, done *atomic.Int64) error {
			client, err := engine.Dial(engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
			if err != nil {
				return err
			}
			defer client.Close()
			w, err := consume.New(consume.Config{
				Archive: client, Group: "bench", Streams: []string{"tenant/*"}, Ordered: ordered,
				Handle: func(_ context.Context, b *consume.Batch) error {
					done.Add(int64(len(b.Records)))
					return nil
				},
			})
			if err != nil {
				return err
			}
			return w.Run(ctx)
		})
	}
}

// eatenBy has four workers run until so many records are done.
func eatenBy(records int64, worker func(ctx context.Context, done *atomic.Int64) error) (eaten, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var done atomic.Int64
	var workers sync.WaitGroup
	errs := make(chan error, consumeWorkers)
	began, cpu := time.Now(), usage()
	for range consumeWorkers {
		workers.Go(func() { errs <- worker(ctx, &done) })
	}
	for done.Load() < records && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	took, used := time.Since(began), usage()-cpu
	cancel()
	workers.Wait()
	close(errs)
	var err error
	for e := range errs {
		err = errors.Join(err, e)
	}
	if n := done.Load(); err == nil && n != records {
		err = fmt.Errorf("%d records were done, of %d", n, records)
	}
	return eaten{float64(records) / took.Seconds(), used.Seconds() / float64(records)}, err
}

func consumePlainly(ctx context.Context, e *engine.Engine) (eaten, error) {
	js := e.JetStream()
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "PLAIN", Subjects: []string{"plain.*"}}); err != nil {
		return eaten{}, err
	}
	for i := range consumedPlain {
		if _, err := js.PublishAsync(fmt.Sprintf("plain.%03d", i%consumeStreams), consumeRecord(i)); err != nil {
			return eaten{}, err
		}
		if i%1000 == 999 {
			<-js.PublishAsyncComplete()
		}
	}
	if _, err := js.CreateConsumer(ctx, "PLAIN", jetstream.ConsumerConfig{Durable: "bench", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 20_000}); err != nil {
		return eaten{}, err
	}
	return eatenBy(consumedPlain, func(ctx context.Context, done *atomic.Int64) error {
		conn, err := nats.Connect("nats://" + e.Addr())
		if err != nil {
			return err
		}
		defer conn.Close()
		own, err := jetstream.New(conn)
		if err != nil {
			return err
		}
		consumer, err := own.Consumer(ctx, "PLAIN", "bench")
		if err != nil {
			return err
		}
		all, err := consumer.Messages(jetstream.PullMaxMessages(1000))
		if err != nil {
			return err
		}
		defer all.Stop()
		for {
			m, err := all.Next(jetstream.NextContext(ctx))
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			if err := m.Ack(); err != nil {
				return err
			}
			done.Add(1)
		}
	})
}
