package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Engine is the archive's own JetStream: what a Client is, and what writes.
type Engine struct {
	*Client
	config Config
	server *embedded // nil in a cluster
	beside *beside   // and nil in a cluster
	age    time.Duration
	close  func() error // the server, once

	elections elections
}

// Open runs the server, or connects to the cluster, and makes the JetStream streams, or
// brings them in line with the config: what is held stays, and goes by the new ages. The
// caller closes the Engine. With a cluster it waits for it until ctx ends.
func Open(ctx context.Context, c Config) (*Engine, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{config: c, age: c.Keep.longest()}
	if err := c.Check(); err != nil {
		return nil, err
	}
	var err error
	if c.Store != "" {
		e.server, err = start(ctx, &e.config)
		if err != nil {
			return nil, err
		}
		if e.Client, err = e.server.client(c.Log); err != nil {
			return nil, errors.Join(err, e.server.stop())
		}
	} else {
		if c.Connect.Log == nil {
			c.Connect.Log = c.Log
		}
		if e.Client, err = Dial(c.Connect); err != nil {
			return nil, err
		}
	}
	if e.server != nil {
		e.close = sync.OnceValue(e.end)
	}
	err = e.setUp(ctx)
	switch {
	case err != nil:
	case e.server != nil:
		e.beside, err = besides(e)
	default:
		err = e.hearElections()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the archive: %w", err), e.Close())
	}
	return e, nil
}

// Join connects to an archive that runs, to append to it beside that. The rules of what is
// kept are its own. The caller closes the Engine. It waits until ctx ends.
func Join(ctx context.Context, c DialConfig) (*Engine, error) {
	client, err := Dial(c)
	if err != nil {
		return nil, err
	}
	e := &Engine{Client: client, config: Config{Connect: c}}
	s, err := client.stream(ctx, Logs)
	if err == nil {
		keep, ok := readKeep(s.CachedInfo().Config.Metadata[metaKeep])
		if !ok {
			err = fmt.Errorf("join the archive at %s: how long it keeps what: %w", client.Where(), ErrNewer)
		}
		e.config.Keep, e.age = keep, keep.longest()
	}
	if err != nil {
		client.Close()
		return nil, err
	}
	return e, nil
}

// Check is the error of a configuration that Open refuses whatever there is.
func (c *Config) Check() error {
	switch {
	case c.Store != "" && len(c.Connect.URLs) > 0:
		return errors.New("open the archive: a store and NATS servers are both given: give one of them")
	case c.Store != "":
		if c.Replicas > 1 {
			return fmt.Errorf("open the archive: %d replicas of one store: only a cluster of NATS servers has several", c.Replicas)
		}
		_, err := c.listening()
		return err
	case len(c.Connect.URLs) > 0:
		if c.Replicas < 0 || c.Replicas > 5 {
			return fmt.Errorf("open the archive: %d replicas: NATS takes 1, 3 or 5", c.Replicas)
		}
		_, err := c.Connect.servers()
		return err
	}
	return errors.New("open the archive: neither a store nor NATS servers are given")
}

// Addr is the address at which the embedded server serves readers, as in 127.0.0.1:5554;
// empty in a cluster.
func (e *Engine) Addr() string {
	if e.server == nil {
		return ""
	}
	return e.server.addr()
}

// end ends what is in this process.
func (e *Engine) end() error {
	if e.beside != nil {
		e.beside.stop()
	}
	return e.server.stop()
}

// Close ends the connection, and then the embedded server, cleanly. It may be called again.
func (e *Engine) Close() error {
	e.Client.Close()
	if e.server == nil {
		return nil
	}
	return e.close()
}
