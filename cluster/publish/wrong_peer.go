package publish

import (
	"errors"
	"fmt"
	"os"

	"sluice/cluster/zmtp"
)

// ErrWrongPeer is in [Status.Err] when somebody listens at the endpoint, but not
// for publishers: another endpoint has to be named.
var ErrWrongPeer = errors.New("it is no publish endpoint")

// wrongPeer names in plain words what listens at an endpoint.
type wrongPeer struct {
	endpoint zmtp.Endpoint
	what     string
	err      error // of the handshake
}

func (w *wrongPeer) Error() string   { return fmt.Sprintf("dial %q: %s", w.endpoint, w.what) }
func (w *wrongPeer) Unwrap() []error { return []error{ErrWrongPeer, w.err} }

// explain makes an error of dialling plain, when it shows who listens there.
func explain(endpoint zmtp.Endpoint, err error) error {
	what := ""
	var peer *zmtp.PeerError
	switch {
	case errors.As(err, &peer) && (peer.Peer == zmtp.XPUB || peer.Peer == zmtp.PUB):
		what = fmt.Sprintf("it is a subscribe endpoint, for readers (a socket of type %s)", peer.Peer)
	case errors.As(err, &peer):
		what = fmt.Sprintf("a socket of type %.16q listens there, and takes no records", peer.Peer)
	case errors.Is(err, zmtp.ErrNotPeer):
		what = "what listens there is no ZeroMQ socket"
	case errors.Is(err, os.ErrDeadlineExceeded): // of the handshake: a connection there was
		what = "what listens there does not answer as a ZeroMQ socket does"
	default:
		return err
	}
	return &wrongPeer{endpoint, what, err}
}
