package direct

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"sluice/cluster/backoff"
	"sluice/cluster/names"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
)

// A link hands its records on when so many bytes of them have gathered, or when there is
// nothing more to read.
const maxHeld = 256 << 10

// link is the connection to one consolidator, made again whenever it breaks.
type link struct {
	d        *backend
	endpoint zmtp.Endpoint
	address  string // endpoint as a text
	rates    rates

	// Guarded by backend.mu.
	claimed string // its name
	cancel  context.CancelFunc
	ended   chan struct{} // closed when it has ended after cancel
	left    time.Time     // when it ended, since its endpoint was named no more
	missing missing

	mu      sync.Mutex
	state   stream.State
	since   time.Time
	name    string
	key     string // the consolidator's CURVE public key, where it was found; may be empty
	rekeyed bool   // the connection was ended, since the key is another one
	err     string
	had     bool               // it was connected at some time
	unnamed bool               // its endpoint is not named any more
	gone    bool               // and it has ended
	tried   bool               // a first attempt has ended
	conn    *zmtp.Conn         // nil while not connected
	cursors map[string]*cursor // where it stands; they outlive the connection
	requests
	waiting time.Time  // since when it waits for the peer; zero while it does not
	silent  time.Time  // since when a peer has not been heard that was reported as lost for that; zero while it is
	next    *zmtp.Conn // what takes the place of conn, which was silent; nil while there is none
	absence absence
}

// cursor is where a link stands in one stream. It is owned by the link's
// goroutine, except before the link has first seen it.
type cursor struct {
	tail    *tail
	barrier uint64 // 0, or the number of the PING whose PONG ends the answer to an older X-TAIL
	epoch   uint64
	next    uint64
	sent    bool // it was asked for, on this connection or one before
	asked   bool // on this connection, and not stopped since
	known   bool // epoch and next are
	marked  bool // the answer to this connection's X-TAIL has come
	filling bool // what comes is backfill, until X-LIVE
	begun   bool // where it begins was told
	closed  bool // an X-BYE announced that the epoch ends before the number end
	end     uint64
}

func newLink(d *backend, e zmtp.Endpoint) *link {
	return &link{
		d: d, endpoint: e, address: e.String(),
		state: stream.StateConnecting, since: time.Now(), name: e.Address,
		cursors:  make(map[string]*cursor),
		requests: requests{poke: make(chan struct{}, 1)},
	}
}

func (l *link) current() stream.Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.err
	if text == "" && l.unnamed {
		text = missedText
	}
	return stream.Status{Name: l.name, Address: l.address, State: l.state, Since: l.since, Err: text}
}

// connection reports whether there is one, and was at some time, and when the last one
// ended.
func (l *link) connection() (connected, had bool, broke time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn != nil, l.had, l.absence.broke
}

// failed reports that the link is not connected, and that it has been tried.
func (l *link) failed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tried && l.conn == nil
}

// accounted reports that the link is connected to a sluice peer, or may yet be.
func (l *link) accounted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn == nil || l.conn.Peer.Sluice
}

// become notes a new state, and hands on a notice of it.
func (l *link) become(s stream.State, name string, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.gone {
		l.becomeLocked(s, name, why, false)
	}
}

// becomeLocked is become with l.mu held.
func (l *link) becomeLocked(s stream.State, name string, why error, gone bool) {
	text := ""
	if why != nil {
		text = why.Error()
	}
	changed := l.state != s || !l.tried || l.name != name || gone
	if l.state != s {
		l.since = time.Now()
	}
	l.state, l.name, l.err = s, name, text
	if changed {
		_ = l.d.out.PutState(stream.Notice{Kind: stream.KindState, Time: time.Now(), Source: name, State: s, Err: text, Gone: gone}) // once it is closed, nobody wants it
	}
}

// come notes that its endpoint is named, perhaps again.
func (l *link) come(name, key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.name, l.key, l.unnamed, l.gone, l.tried = name, key, false, false, false
	l.rates.clear()
}

// named notes that its endpoint is still named, and with which key. A connection to one
// that has another key now is made again.
func (l *link) named(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unnamed = false
	if l.key != key && l.conn != nil && (key != "" || l.d.cfg.Keys != nil || l.d.cfg.Mechanism != nil) {
		l.rekeyed = true
		l.conn.Abort()
	}
	l.key = key
}

// missed notes that its endpoint is not named any more.
func (l *link) missed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unnamed = true
}

// leave notes that it ends, since its endpoint is not named any more. It reports whether
// it was connected at some time.
func (l *link) leave(why error) (had bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.had {
		l.becomeLocked(stream.StateLost, l.name, why, true)
	}
	l.gone = true
	return l.had
}

// adopt goes on where another link stood, which has ended, in all streams that this
// one has not asked for yet.
func (l *link) adopt(other *link) {
	other.mu.Lock()
	cursors, absence := other.cursors, other.absence
	other.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, c := range cursors {
		mine := l.cursors[name]
		if mine == nil && c.tail.own {
			mine = &cursor{tail: c.tail}
			l.cursors[name] = mine
		}
		if mine != nil && mine.tail == c.tail && !mine.sent && c.sent {
			l.cursors[name] = c
		}
	}
	if !l.had {
		l.absence = absence
	}
}

// run connects, reads, and connects again, until ctx ends.
func (l *link) run(ctx context.Context) {
	var wait backoff.Backoff
	defer l.drop()
	for {
		began := time.Now()
		err := l.session(ctx, &wait)
		wait.Took(time.Since(began))
		state, name, replaced, rekeyed, merging := l.parted()
		if rekeyed {
			err = errRekeyed
		}
		if l.d.running.Context().Err() != nil {
			return
		}
		if ctx.Err() == nil && !replaced {
			l.become(state, name, err)
			l.mu.Lock()
			l.tried = true
			l.mu.Unlock()
		}
		for _, m := range merging {
			m.answered(l)
		}
		if replaced && ctx.Err() == nil {
			continue
		}
		l.drop()
		l.d.broken(l)
		if !wait.Wait(ctx) {
			return
		}
	}
}

// parted notes that there is no connection. It returns what to report of that, whether
// there is another one in its place, whether it was ended for another key, and the merges
// that need not wait for this link any more.
func (l *link) parted() (state stream.State, name string, replaced, rekeyed bool, merging []*merge) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.absence.broke = time.Now()
		if !l.silent.IsZero() {
			l.absence.broke = l.silent
		}
	}
	l.conn, l.silent = nil, time.Time{}
	rekeyed, l.rekeyed = l.rekeyed, false
	replaced = l.next != nil && !rekeyed
	state = stream.StateConnecting
	if l.had {
		state = stream.StateLost
	}
	for _, c := range l.cursors {
		merging = append(merging, c.tail.merge)
	}
	return state, l.name, replaced, rekeyed, merging
}

// mechanism is what protects the next connection.
func (l *link) mechanism() (zmtp.Mechanism, error) {
	if l.d.cfg.Mechanism != nil {
		return l.d.cfg.Mechanism, nil
	}
	l.mu.Lock()
	key := l.key
	l.mu.Unlock()
	return l.d.cfg.Keys.Mechanism(l.endpoint, key)
}

// dial makes a connection.
func (l *link) dial(ctx context.Context) (*zmtp.Conn, error) {
	mechanism, err := l.mechanism()
	if err != nil {
		return nil, err
	}
	conn, err := zmtp.Dial(ctx, l.endpoint, zmtp.Config{
		Type: zmtp.SUB, Peers: []string{zmtp.PUB, zmtp.XPUB}, Foreign: l.d.cfg.Foreign, Mechanism: mechanism, Dialer: &l.d.dialer,
	})
	if err != nil {
		return nil, wrongEndpoint(l.endpoint, err)
	}
	return conn, nil
}

// session is one connection, from its making to its end.
func (l *link) session(ctx context.Context, wait *backoff.Backoff) error {
	conn := l.replacement()
	if conn == nil {
		var err error
		if conn, err = l.dial(ctx); err != nil {
			return err
		}
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, conn.Abort)
	defer stop()
	began := time.Now()
	defer func() { wait.Lasted(time.Since(began)) }()
	source := conn.Peer.Name
	if names.Check(source) != nil {
		source = l.endpoint.Address
	}
	l.d.supersede(l, source)
	source = l.d.claim(l, source)
	l.d.succeed(ctx, l, source)
	state := stream.StateLive
	if !conn.Peer.Sluice {
		state = stream.StateUnaccounted
	}
	l.become(state, source, nil)
	for _, m := range l.connected(conn) {
		m.answered(l)
	}

	done := make(chan struct{})
	writing := rescue.NewGroup(ctx)
	defer writing.End()
	writing.Go("write to a consolidator", func() {
		defer conn.Abort() // wakes the reading, whatever happens
		l.write(conn, done, writing)
	})
	err := (&reading{l: l, conn: conn, name: source}).run()
	close(done)
	conn.Close()
	if fault := writing.Wait(); fault != nil {
		panic(fault) // where it ends the whole source
	}
	if errors.Is(err, io.EOF) {
		err = errEnded
	}
	return err
}

// connected asks for all that is wanted on a new connection. It returns the
// merges that wait for a backfill which a foreign peer does not have.
func (l *link) connected(conn *zmtp.Conn) (unanswered []*merge) {
	l.d.mu.Lock()
	watching := l.d.watching
	l.d.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.had, l.tried = true, true
	l.absence.connected(time.Now(), conn.Peer)
	l.conn = conn
	l.anew()
	for _, c := range l.cursors {
		l.ask(c)
	}
	if watching && conn.Peer.Sluice {
		l.request(zmtp.AppendWatch(nil, true))
	}
	if !conn.Peer.Sluice {
		for _, c := range l.cursors {
			unanswered = append(unanswered, c.tail.merge)
		}
	}
	return unanswered
}

var errRekeyed = errors.New("its key is another one now")

var errEnded = errors.New("consolidator closed the connection")

// places is in how many streams it stands somewhere.
func (l *link) places() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.cursors)
}

// cursor returns where the link stands in a stream, or nil if it is not
// wanted.
func (l *link) cursor(name []byte) *cursor {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cursors[string(name)]
}
