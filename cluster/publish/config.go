package publish

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
)

// DefaultEndpoint is the publish endpoint of the consolidator of this machine.
const DefaultEndpoint = "tcp://127.0.0.1:5551"

// The bounds of a Client's buffer, in bytes.
const (
	DefaultBuffer = 8 << 20
	MinBuffer     = 1 << 20
)

// DefaultLinger is how long Close of a shedding Client waits at most.
const DefaultLinger = time.Second

// Config says how a Client publishes. The zero value publishes to this
// machine's consolidator and waits rather than loses.
type Config struct {
	Endpoint string // of a consolidator, tcp://HOST:PORT or ipc://PATH; "" means DefaultEndpoint
	Buffer   int    // bytes of records, not acknowledged yet, that are kept; 0 means DefaultBuffer; at least MinBuffer

	// Shed makes a Client that never blocks: a full buffer sheds its oldest
	// records that were not sent yet, counts them and reports that in their stream. For a
	// service that logs. Otherwise Publish waits.
	Shed bool

	// Once never sends a record a second time: what was sent over a connection
	// that broke, and was not acknowledged, is counted as uncertain. Otherwise
	// it is sent again, and may stand twice.
	Once bool

	// CurveKey encrypts the connection: the file of our own key pair, as `sluice keygen`
	// writes it; empty means that it is not encrypted. CurveServer is the consolidator's
	// public key, or the file of that.
	CurveKey, CurveServer string

	Mechanism zmtp.Mechanism // protects the connection, in place of CurveKey, if it is not nil

	Linger time.Duration // how long Close waits at most; 0 means DefaultLinger for a Client that sheds, and as long as its context for one that waits
	Logger *slog.Logger  // logs when the connection is made and lost; nil drops that. Do not log through a Handler of the same Client
}

func (c *Config) fill() (e zmtp.Endpoint, err error) {
	if c.Endpoint == "" {
		c.Endpoint = DefaultEndpoint
	}
	if e, err = zmtp.ParseEndpoint(c.Endpoint); err != nil {
		return e, err
	}
	if c.Mechanism == nil && c.CurveKey+c.CurveServer != "" {
		var servers []string
		if c.CurveServer != "" {
			servers = []string{c.CurveServer}
		}
		keys, err := curve.OpenKeyring(c.CurveKey, servers, []string{c.Endpoint})
		if err == nil {
			c.Mechanism, err = keys.Mechanism(e, "")
		}
		if err != nil {
			return e, err
		}
	}
	switch {
	case c.Buffer == 0:
		c.Buffer = DefaultBuffer
	case c.Buffer < MinBuffer:
		return e, fmt.Errorf("buffer of %d bytes is too small: give at least %d", c.Buffer, MinBuffer)
	}
	if c.Linger < 0 {
		return e, errors.New("linger is negative")
	}
	if c.Linger == 0 && c.Shed {
		c.Linger = DefaultLinger
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return e, nil
}
