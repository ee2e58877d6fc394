package stream

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"sluice/cluster/zmtp"
)

// wrongConsolidator makes an error of dialling plain, when it tells that readers
// have no business there.
func wrongConsolidator(endpoint zmtp.Endpoint, err error) error {
	var peer *zmtp.PeerError
	switch {
	case errors.As(err, &peer) && (peer.Peer == zmtp.XSUB || peer.Peer == zmtp.SUB):
		return fmt.Errorf("%q is a publish endpoint, for publishers (a socket of type %s): read from the subscribe endpoint", endpoint, peer.Peer)
	case errors.Is(err, zmtp.ErrNotPeer):
		return fmt.Errorf("what listens at %q is no ZeroMQ socket: name a consolidator's subscribe endpoint, or a proxy with --proxy", endpoint)
	}
	return err
}

// wrongProxy does it for an error of asking a proxy.
func wrongProxy(err error) error {
	if strings.Contains(err.Error(), "malformed HTTP ") { // net/http has no name for it
		return errors.New("what listens there does not speak HTTP: is this a sluice proxy?")
	}
	return err
}

// refusedAs is what a status says that came without words.
func refusedAs(resp *http.Response) string {
	if resp.StatusCode == http.StatusNotFound {
		return resp.Status + ": is this a sluice proxy?"
	}
	return resp.Status
}
