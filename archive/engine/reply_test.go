package engine_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/cluster/loss"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// Who may only read cannot have this process, which may write, send what is read where that
// does something: to the server's own subjects, or into the archive.
func TestWhatIsReadIsSentToNobodyElse(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	e := small(t, engine.Config{Users: []engine.User{{Name: "reader", Password: "r", May: engine.Read}}})
	h := batch.Head{Consolidator: "vm-1", Stream: "system", Epoch: 7, Gap: &loss.Loss{Count: 3, Hop: loss.AtArchive, Reason: "the disk was full"}}
	gap := batch.EncodeGap(&h, time.Now())
	done := make(chan error, 1)
	if err := e.Append(gap, "system", 0, func(_ uint64, err error) { done <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	large(t, e, "tenant", 50)
	wait.For(t, "a block is indexed", func() bool { return e.Reads(1) })
	const held = 51
	conn, err := nats.Connect("nats://reader:r@" + e.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	body := []byte(`{"seq":1}`)
	for _, to := range []string{"$JS.API.STREAM.PURGE.LOGS", "logs.vm-2.system"} {
		if err := conn.PublishRequest(engine.BatchGet, to, body); err != nil {
			t.Fatal(err)
		}
	}
	// Whoever answered those is done when all that can answer have answered so many more.
	for range 40 {
		if m, err := conn.Request(engine.BatchGet, body, 5*time.Second); err != nil || len(m.Data) == 0 {
			t.Fatal(err)
		}
	}
	if read := e.Beside(); read != 40 {
		t.Errorf("%d batches were read, of 40 that were asked for", read)
	}
	state, err := e.State(within(t))
	if err != nil || state.Messages != held || state.Last.Sequence != held {
		t.Errorf("%d messages, up to %d, are held, %v", state.Messages, state.Last.Sequence, err)
	}
}
