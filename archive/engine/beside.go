package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sluice/archive/batch"
	"sluice/archive/engine/blocks"
)

// batchGet is where an archive with a store of its own is asked for a batch of LOGS: what is
// asked and answered is that of a direct get of a sequence.
const batchGet = "batches.get"

// indexName is the directory of a store that says where batches stand in its blocks, and what
// each of these holds.
const indexName = "sluice.index"

// blocksOf is the directory of the blocks of LOGS in a store.
func blocksOf(store string) string {
	return filepath.Join(store, "jetstream", "$G", "streams", Logs, "msgs")
}

// blocksIn is how the blocks of LOGS in a store are read.
func blocksIn(store string, log *slog.Logger) blocks.Config {
	return blocks.Config{Blocks: blocksOf(store), Index: filepath.Join(store, indexName), Stream: Logs, Log: log}
}

// answering is how many batches are read at once.
const answering = 4

// beside answers for the embedded server where that would read a whole block for one batch,
// and has it answer everything else.
type beside struct {
	engine *Engine
	blocks *blocks.Reader
	conn   *nats.Conn
	log    *slog.Logger

	mu    sync.Mutex
	asked time.Time     // when first was
	first uint64        // the first sequence that is held
	found atomic.Uint64 // batches that were answered without the server

	end     context.CancelFunc
	running sync.WaitGroup
}

// besides begins to answer.
func besides(e *Engine) (*beside, error) {
	store := e.config.Store
	b := &beside{engine: e, log: e.config.Log}
	var err error
	if b.blocks, err = blocks.Open(blocksIn(store, b.log)); err != nil {
		return nil, err
	}
	b.conn, err = nats.Connect(
		"", nats.InProcessServer(e.server), nats.UserInfo(e.server.user.Name, e.server.user.Password),
		nats.Name("sluice archive, reading"), nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond),
	)
	if err != nil {
		return nil, err
	}
	_, err = b.conn.Subscribe(server.JSAuditAdvisory, b.audit)
	for i := 0; err == nil && i < answering; i++ {
		_, err = b.conn.QueueSubscribe(batchGet, "archive", b.answer)
	}
	if err != nil {
		b.conn.Close()
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	b.end = end
	b.running.Go(func() { b.blocks.Run(ctx) })
	return b, nil
}

// stop ends it.
func (b *beside) stop() {
	b.end()
	b.conn.Close()
	b.running.Wait()
}

// answer answers one request. This process may write everywhere, and who asks may not: so
// nothing is sent elsewhere than to an inbox.
func (b *beside) answer(m *nats.Msg) {
	if !strings.HasPrefix(m.Reply, nats.InboxPrefix) {
		return
	}
	var what lookup
	if err := json.Unmarshal(m.Data, &what); err == nil && what == (lookup{Seq: what.Seq}) {
		if r, ok := b.blocks.Get(what.Seq); ok {
			if header, ok := b.counts(&r); ok {
				b.found.Add(1)
				header.Set(jetstream.SubjectHeader, r.Subject)
				header.Set(jetstream.SequenceHeader, fmt.Sprint(r.Sequence))
				header.Set(jetstream.TimeStampHeaer, time.Unix(0, r.Stored).UTC().Format(time.RFC3339Nano))
				_ = m.RespondMsg(&nats.Msg{Header: header, Data: r.Payload})
				return
			}
		}
	}
	_ = b.conn.PublishRequest("$JS.API.DIRECT.GET."+Logs, m.Reply, m.Data)
}

// counts reports whether a record is a whole batch, and is held as far as the server is
// concerned; header is its own.
func (b *beside) counts(r *blocks.Record) (header nats.Header, ok bool) {
	header, err := nats.DecodeHeadersMsg(r.Header)
	if err != nil {
		return nil, false
	}
	if _, err := batch.Decode(r.Subject, header, r.Payload); err != nil {
		return nil, false
	}
	age := b.engine.age
	if text := header.Get(keyTTL); text != "" {
		ttl, err := time.ParseDuration(text)
		if err != nil {
			return nil, false
		}
		if age == 0 || ttl < age {
			age = ttl
		}
	}
	if age > 0 && time.Since(time.Unix(0, r.Stored)) >= age {
		return nil, false
	}
	return header, b.holds(r.Sequence)
}

// heldFor is how long it is believed what the first sequence is.
const heldFor = time.Second

// holds reports that a sequence is not before the first that is held.
func (b *beside) holds(sequence uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.asked) >= heldFor {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		state, err := b.engine.State(ctx)
		if err != nil || state.Messages == 0 {
			return false
		}
		b.first, b.asked = state.First.Sequence, time.Now()
	}
	return sequence >= b.first
}

// audit looks at what is asked of JetStream: what removes messages from within LOGS is not
// seen in its files at once.
func (b *beside) audit(m *nats.Msg) {
	var said struct {
		Subject string `json:"subject"`
	}
	if json.Unmarshal(m.Data, &said) != nil {
		return
	}
	what, ok := strings.CutPrefix(said.Subject, "$JS.API.STREAM.")
	if !ok {
		return
	}
	switch what {
	case "PURGE." + Logs, "MSG.DELETE." + Logs, "UPDATE." + Logs, "DELETE." + Logs, "RESTORE." + Logs:
		if err := b.blocks.Distrust(); err != nil {
			b.log.Warn("archive: the index of the store cannot be given up", "store", b.engine.config.Store, "error", err)
		}
	}
}
