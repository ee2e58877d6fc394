package direct

import (
	"errors"
	"fmt"

	"sluice/cluster/zmtp"
)

// wrongEndpoint explains an error of dialling, if it shows that the endpoint is not
// one for readers.
func wrongEndpoint(endpoint zmtp.Endpoint, err error) error {
	var peer *zmtp.PeerError
	switch {
	case errors.As(err, &peer) && (peer.Peer == zmtp.XSUB || peer.Peer == zmtp.SUB):
		return fmt.Errorf("%q is a publish endpoint, for publishers (a socket of type %s): read from the subscribe endpoint", endpoint, peer.Peer)
	case errors.Is(err, zmtp.ErrNotPeer):
		return fmt.Errorf("what listens at %q is no ZeroMQ socket: name a consolidator's subscribe endpoint, or a proxy with --proxy", endpoint)
	}
	return err
}
