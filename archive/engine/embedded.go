package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// DefaultListen is where the embedded server listens.
const DefaultListen = "127.0.0.1:5554"

// embedded is the server inside this process.
type embedded struct {
	server *server.Server
	lock   *lock
	user   User // of this process
}

// start runs a server, and fills in MaxBytes.
func start(ctx context.Context, c *Config) (_ *embedded, err error) {
	fail := func(err error) (*embedded, error) {
		return nil, fmt.Errorf("open the archive's store %q: %w", c.Store, err)
	}
	opts, err := c.listening()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Store, 0o700); err != nil {
		return fail(err)
	}
	e := &embedded{user: ownUser()}
	if e.lock, err = take(c.Store); err != nil {
		return fail(err)
	}
	defer func() {
		if err != nil {
			e.lock.release()
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
	opts.StoreDir, opts.JetStream = c.Store, true
	opts.JetStreamMaxStore, opts.JetStreamMaxMemory = max(room, c.MaxBytes)+slack, 64<<20
	switch {
	case c.Sync == SyncAlways:
		opts.SyncAlways = true
	case c.Sync <= 0:
		opts.SyncInterval = time.Second
	default:
		opts.SyncInterval = c.Sync
	}
	if len(c.Users) > 0 {
		opts.Users = append(natsUsers(c.Users), &server.User{Username: e.user.Name, Password: e.user.Password})
	}
	if e.server, err = server.NewServer(opts); err != nil {
		return fail(err)
	}
	e.server.SetLoggerV2(serverLog{c.Log}, false, false, false)
	go e.server.Start()
	if err := e.ready(ctx); err != nil {
		e.server.Shutdown()
		e.server.WaitForShutdown()
		return fail(err)
	}
	return e, nil
}

// slack is what JetStream may keep beside LOGS: positions, and consumers' states.
const slack = 4 << 30

// ready waits until the server takes connections, and knows its streams.
func (e *embedded) ready(ctx context.Context) error {
	for {
		if e.server.ReadyForConnections(100 * time.Millisecond) {
			if !e.server.JetStreamEnabled() {
				return errors.New("the server could not read it: see its log lines above")
			}
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if !e.server.Running() {
			return errors.New("the server ended at once: see its log lines above")
		}
	}
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

func serverName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return "sluice-archive-" + host
}

func (e *embedded) addr() string { return e.server.Addr().String() }

// client connects within the process.
func (e *embedded) client(log *slog.Logger) (*Client, error) {
	return connect("", e.addr(), "sluice archive", log, []nats.Option{
		nats.InProcessServer(e.server), nats.UserInfo(e.user.Name, e.user.Password), nats.MaxReconnects(-1),
	})
}

// stop ends the server, and gives the store free.
func (e *embedded) stop() error {
	e.server.Shutdown()
	e.server.WaitForShutdown()
	return e.lock.release()
}
