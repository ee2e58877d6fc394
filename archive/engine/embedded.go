package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"sluice/archive/engine/blocks"
)

// DefaultListen is where the embedded server listens.
const DefaultListen = "127.0.0.1:5554"

// embedded is the server inside this process.
type embedded struct {
	config *Config
	opts   *server.Options
	lock   *lock
	user   User // of this process
	says   *serverLog
	disk   *disk

	mu     sync.Mutex
	server *server.Server

	ends chan struct{} // closed to end watching
	done sync.WaitGroup
}

// start runs a server, and fills in MaxBytes.
func start(ctx context.Context, c *Config) (_ *embedded, err error) {
	fail := func(err error) (*embedded, error) {
		return nil, fmt.Errorf("open the archive's store %q: %w", c.Store, err)
	}
	e := &embedded{config: c, user: ownUser(), says: &serverLog{log: c.Log}, ends: make(chan struct{})}
	if e.opts, err = c.listening(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Store, 0o700); err != nil {
		return fail(err)
	}
	if e.lock, err = take(c.Store); err != nil {
		return fail(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.lock.release())
		}
	}()
	if err := checkForm(c.Store); err != nil {
		return fail(err)
	}
	room, err := roomFor(c.Store)
	if err != nil {
		return fail(err)
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = room / 4 * 3
	}
	if e.disk, err = newDisk(c.Store); err != nil {
		return fail(err)
	}
	e.opts.StoreDir, e.opts.JetStream = c.Store, true
	e.opts.JetStreamMaxStore, e.opts.JetStreamMaxMemory = noBound, 64<<20
	switch {
	case c.Sync == SyncAlways:
		e.opts.SyncAlways = true
	case c.Sync <= 0:
		e.opts.SyncInterval = time.Second
	default:
		e.opts.SyncInterval = c.Sync
	}
	if len(c.Users) > 0 {
		e.opts.Users = append(natsUsers(c.Users), &server.User{Username: e.user.Name, Password: e.user.Password})
	}
	if err := e.run(ctx); err != nil {
		return fail(err)
	}
	e.opts.Port = e.now().Addr().(*net.TCPAddr).Port // the same after a restart
	e.done.Go(e.watch)
	return e, nil
}

// noBound is what JetStream may keep as far as it knows: it takes MaxBytes of a stream for
// reserved, that from before a change, too. The disk is looked after by disk.
const noBound = 1 << 60

// run starts a server, and waits until it takes connections and knows its streams.
func (e *embedded) run(ctx context.Context) error {
	s, err := server.NewServer(e.opts.Clone())
	if err != nil {
		return err
	}
	s.SetLoggerV2(e.says, false, false, false)
	ahead := e.recover(ctx)
	defer ahead()
	started := make(chan struct{})
	go func() {
		defer close(started)
		s.Start()
	}()
	select {
	case <-started:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil && (!s.ReadyForConnections(10*time.Second) || !s.JetStreamEnabled()) {
		err = fmt.Errorf("the NATS server in this process does not start: %s", e.says.last())
	}
	if err != nil {
		<-started
		s.Shutdown()
		s.WaitForShutdown()
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server = s
	return nil
}

// recover makes the start after a kill shorter: the server would read all that it has. Where that
// cannot be helped the system reads ahead of it, until end is called.
func (e *embedded) recover(ctx context.Context) (end func()) {
	held := blocks.Unclean(blocksOf(e.config.Store))
	if held == 0 {
		return func() {}
	}
	read, err := blocks.Restore(ctx, blocksIn(e.config.Store, e.config.Log))
	if err == nil {
		e.config.Log.Warn("archive: the store was not closed: what was written last was read and checked", "store", e.config.Store, "bytes", read, "of", held)
		return func() {}
	}
	e.config.Log.Warn("archive: the store was not closed: all of it is read", "store", e.config.Store, "bytes", held, "why", err)
	reading, stop := context.WithCancel(ctx)
	var ahead sync.WaitGroup
	ahead.Go(func() { blocks.ReadAhead(reading, blocksOf(e.config.Store)) })
	return func() { stop(); ahead.Wait() }
}

// now is the server that runs.
func (e *embedded) now() *server.Server {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.server
}

// listening is the part of the options that says where and to whom.
func (c *Config) listening() (*server.Options, error) {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	host, text, err := net.SplitHostPort(c.Listen)
	port, err2 := strconv.ParseUint(text, 10, 16)
	if err != nil || err2 != nil {
		return nil, fmt.Errorf("listen at %q: it is no HOST:PORT, as in %s", c.Listen, DefaultListen)
	}
	if host == "*" {
		host = "0.0.0.0"
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) && !c.Insecure && (c.TLSCert == "" || len(c.Users) == 0) {
		return nil, fmt.Errorf("listen at %q: it is beyond this machine: give it TLS and users, or say that everybody may read and write it (--insecure)", c.Listen)
	}
	tls, err := serving(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, err
	}
	opts := &server.Options{
		ServerName: serverName(), Host: host, Port: int(port), NoSigs: true, MaxPayload: 1 << 20,
		TLSConfig: tls, TLSTimeout: 5, AuthTimeout: 5, WriteDeadline: 10 * time.Second, MaxPending: 64 << 20,
		PingInterval: 10 * time.Second, MaxPingsOut: 2, DisableShortFirstPing: true,
	}
	if port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	return opts, nil
}

// embeddedName is what the names of embedded servers begin with beside which somebody answers
// batchGet: by that a client knows it, and asks nobody else.
const embeddedName = "sluice-archive-2-"

func serverName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return embeddedName + host
}

func (e *embedded) addr() string {
	return net.JoinHostPort(e.now().Addr().(*net.TCPAddr).IP.String(), strconv.Itoa(e.opts.Port))
}

// InProcessConn is a connection to the server that runs.
func (e *embedded) InProcessConn() (net.Conn, error) { return e.now().InProcessConn() }

// client connects within the process.
func (e *embedded) client(log *slog.Logger) (*Client, error) {
	return connect("", e.addr(), "sluice archive", log, []nats.Option{
		nats.InProcessServer(e), nats.UserInfo(e.user.Name, e.user.Password), nats.MaxReconnects(-1),
	})
}

// stop ends the server, and gives the store free.
func (e *embedded) stop() error {
	close(e.ends)
	e.done.Wait()
	e.end()
	return e.lock.release()
}

// end ends the server, cleanly if its store can be written.
func (e *embedded) end() {
	s := e.now()
	s.Shutdown()
	s.WaitForShutdown()
}

// watch looks at the disk, and starts the server anew when that has given up a file that
// it could not write, as soon as there is room again: it tries no such file a second time.
func (e *embedded) watch() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-e.ends:
			return
		case <-tick.C:
		}
		e.disk.look()
		if !e.says.broken.Load() || e.disk.full() {
			continue
		}
		e.config.Log.Warn("archive: the store could not be written, and there is room again: the NATS server in this process is started anew", "store", e.config.Store)
		e.end()
		e.says.broken.Store(false)
		if err := e.run(context.Background()); err != nil {
			e.says.broken.Store(true)
			e.config.Log.Error("archive: the NATS server in this process does not start again; it is tried again", "store", e.config.Store, "err", err)
		}
	}
}
