package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Logs and Positions of streams are kept in these JetStream streams.
const (
	Logs = "LOGS"
	Last = "LAST"
)

// Client reads from a JetStream. It belongs to its caller, who closes it.
type Client struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	where  string // its addresses, without secrets
	log    *slog.Logger
	closed chan struct{}
	moving moving
	alone  atomic.Int64 // Unix nanoseconds until which nobody is asked for batches beside the server

	mu       sync.Mutex
	problem  error // why it is not connected
	denied   error // what it last asked for without the right to
	appended map[*nats.Msg]func(uint64, error)
}

// Dial returns a client of the archive at some URLs. Its error is one of the config: it
// waits for no server, and connects when there is one.
func Dial(c DialConfig) (*Client, error) {
	shown, err := c.servers()
	if err != nil {
		return nil, err
	}
	opts := []nats.Option{nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true)}
	if c.Credentials != "" {
		opts = append(opts, nats.UserCredentials(c.Credentials))
	}
	if c.User != "" {
		opts = append(opts, nats.UserInfo(c.User, c.Password))
	}
	if c.Token != "" {
		opts = append(opts, nats.Token(c.Token))
	}
	secure, err := c.secure()
	if err != nil {
		return nil, err
	}
	opts = append(opts, secure...)
	return connect(strings.Join(c.URLs, ","), shown, c.Name, c.Log, opts)
}

// servers are the URLs without secrets, or why they are none.
func (c *DialConfig) servers() (shown string, err error) {
	if len(c.URLs) == 0 {
		return "", errors.New("dial the archive: no URL is given: name one, as in nats://127.0.0.1:5554")
	}
	all := make([]string, len(c.URLs))
	for i, text := range c.URLs {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" && u.Scheme != "ws" && u.Scheme != "wss" {
			return "", fmt.Errorf("dial the archive: %q is no address of NATS: give one such as nats://127.0.0.1:5554 or tls://HOST:PORT", redacted(text))
		}
		all[i] = u.Scheme + "://" + u.Host
	}
	return strings.Join(all, ","), nil
}

var errNotYet = errors.New("not connected yet")

// redacted is a URL without what may be a secret in it.
func redacted(text string) string {
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		return "…" + text[i:]
	}
	return text
}

// answerWithin is how long a request may take of which its caller does not say that.
const answerWithin = 3 * time.Second

// appendTimeout is how long an append may take before it is unknown what became of it.
const appendTimeout = 10 * time.Second

func connect(urls, where, name string, log *slog.Logger, opts []nats.Option) (*Client, error) {
	if name == "" {
		name = "sluice"
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Client{
		where: where, log: log, closed: make(chan struct{}),
		problem: errNotYet, appended: make(map[*nats.Msg]func(uint64, error)),
	}
	opts = append(
		opts,
		nats.Name(name), nats.ReconnectWait(200*time.Millisecond), nats.ReconnectJitter(200*time.Millisecond, 200*time.Millisecond),
		nats.ReconnectBufSize(-1), nats.PingInterval(2*time.Second), nats.MaxPingsOutstanding(2), nats.Timeout(2*time.Second),
		nats.IgnoreAuthErrorAbort(),
		nats.ConnectHandler(func(*nats.Conn) { c.connected() }),
		nats.ReconnectHandler(func(*nats.Conn) { c.connected() }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { c.lost(err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { c.lost(err) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { c.refused(err) }),
		nats.ClosedHandler(func(*nats.Conn) { close(c.closed) }),
	)
	conn, err := nats.Connect(urls, opts...)
	if err != nil {
		return nil, fmt.Errorf("dial the archive at %s: %w", where, err)
	}
	c.conn = conn
	if conn.IsConnected() {
		c.connected()
	}
	js, err := jetstream.New(
		conn, jetstream.WithDefaultTimeout(answerWithin), jetstream.WithPublishAsyncTimeout(appendTimeout), jetstream.WithPublishAsyncMaxPending(1<<16),
		jetstream.WithPublishAsyncAckHandler(func(_ jetstream.JetStream, m *nats.Msg, ack *jetstream.PubAck) { c.settle(m, ack.Sequence, nil) }),
		jetstream.WithPublishAsyncErrHandler(func(_ jetstream.JetStream, m *nats.Msg, err error) { c.settle(m, 0, err) }),
	)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("dial the archive at %s: %w", where, err)
	}
	c.js = js
	return c, nil
}

func (c *Client) connected() {
	c.alone.Store(0)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.problem != nil {
		c.log.Info("archive: connected", "to", c.where)
	}
	c.problem = nil
}

func (c *Client) lost(err error) {
	if err == nil {
		err = errors.New("the connection was closed")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.problem == nil && !c.conn.IsClosed() {
		c.log.Warn("archive: connection lost", "to", c.where, "error", err)
	}
	c.problem = err
}

// refused notes what a server said of itself rather than in an answer.
func (c *Client) refused(err error) {
	c.log.Debug("archive: NATS", "error", err)
	if errors.Is(err, nats.ErrPermissionViolation) && !isAboutElections(err) {
		c.mu.Lock()
		c.denied = err
		c.mu.Unlock()
	}
}

// Where is the addresses that the client was given, without secrets.
func (c *Client) Where() string { return c.where }

// JetStream is for packages of the archive that have JetStream streams and consumers of
// their own.
func (c *Client) JetStream() jetstream.JetStream { return c.js }

// Conn is the connection.
func (c *Client) Conn() *nats.Conn { return c.conn }

// Err is why the client is not connected now; nil when it is.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	problem := c.problem
	if problem == nil {
		return nil
	}
	if err := c.conn.LastError(); problem == errNotYet && err != nil {
		problem = err
	}
	return fmt.Errorf("%w at %s: %w", ErrUnavailable, c.where, problem)
}

// Ready waits until the archive can be read. Its error wraps ErrUnavailable, or ErrNoArchive
// when the servers answer and there is nothing of Sluice's.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.stream(ctx, Logs)
	return err
}

// stream is the handle of a JetStream stream.
func (c *Client) stream(ctx context.Context, name string) (jetstream.Stream, error) {
	if err := c.await(ctx); err != nil {
		return nil, err
	}
	s, err := c.js.Stream(ctx, name)
	if err != nil {
		return nil, c.failed("look for", name, err)
	}
	return s, nil
}

// await waits for the connection.
func (c *Client) await(ctx context.Context) error {
	for !c.conn.IsConnected() {
		status := c.conn.StatusChanged(nats.CONNECTED, nats.CLOSED)
		if c.conn.IsConnected() {
			c.conn.RemoveStatusListener(status)
			break
		}
		select {
		case <-ctx.Done():
			c.conn.RemoveStatusListener(status)
			if err := c.Err(); err != nil {
				return err
			}
			return ctx.Err()
		case <-c.closed:
			return fmt.Errorf("%w at %s: the client is closed", ErrUnavailable, c.where)
		case <-status:
		}
	}
	return nil
}

// failed is the error of a request, in the words of this package.
func (c *Client) failed(what, of string, err error) error {
	var api *jetstream.APIError
	switch {
	case err == nil:
		c.moving.answered()
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, jetstream.ErrMsgNotFound), errors.Is(err, ErrNone):
		return fmt.Errorf("%s %s: %w", what, of, ErrNone)
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return fmt.Errorf("%s %s at %s: %w", what, of, c.where, ErrNoArchive)
	case errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant):
		return fmt.Errorf("%s %s: %w (%s)", what, of, ErrWrongSequence, api.Description)
	case errors.As(err, &api) && fullCodes[api.ErrorCode]:
		return fmt.Errorf("%s %s: %w: %s", what, of, ErrFull, api.Description)
	case errors.Is(err, nats.ErrMaxPayload), errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamMessageExceedsMaximum:
		return fmt.Errorf("%s %s: %w", what, of, ErrTooLarge)
	case errors.As(err, &api) && api.Code < 500:
		return fmt.Errorf("%s %s at %s: %w", what, of, c.where, err)
	}
	c.Unanswered(time.Now())
	c.mu.Lock()
	denied := c.denied
	c.denied = nil
	c.mu.Unlock()
	if denied != nil && errors.Is(err, context.DeadlineExceeded) {
		err = denied
	}
	return fmt.Errorf("%s %s: %w at %s: %w", what, of, ErrUnavailable, c.where, err)
}

// fullCodes are JetStream's errors that say that there is no room: of the account, of the
// server, of the stream.
var fullCodes = map[jetstream.ErrorCode]bool{
	10002: true, // account storage limit
	10023: true, // insufficient resources
	10028: true, // memory resources
	10047: true, // storage resources
	10077: true, // the stream could not store it, as when the disk is full
}

// Close ends the connection. Appends that are in flight end with an error.
func (c *Client) Close() {
	c.conn.Close()
	<-c.closed
	c.mu.Lock()
	appended := c.appended
	c.appended = make(map[*nats.Msg]func(uint64, error))
	c.mu.Unlock()
	for m, done := range appended {
		done(0, fmt.Errorf("append to %s: %w at %s: the client is closed", m.Subject, ErrUnavailable, c.where))
	}
}
