package curve

import (
	"fmt"

	"sluice/cluster/zmtp"
)

// Keyring is the keys by which a client connects: its own pair, and what it knows of
// servers. It may be used by many goroutines at once.
type Keyring struct {
	pair    *Pair
	servers map[string]Key // by endpoint
	any     *Key           // of all others
}

// OpenKeyring reads the pair in a file, and servers' public keys: each in Z85, or a
// certificate's path. One key is that of all servers; otherwise there is one for each of
// the endpoints, in their order. Without any, a server's key has to be found with it.
func OpenKeyring(pair string, servers, endpoints []string) (*Keyring, error) {
	switch {
	case pair == "" && len(servers) > 0:
		return nil, fmt.Errorf("a server's key is given, but no pair of our own: make one by `sluice keygen NAME`, and give --curve-key NAME.key")
	case len(servers) > 1 && len(servers) != len(endpoints):
		return nil, fmt.Errorf("%d servers' keys for %d endpoints: give one for all (--curve-server), or one for each in their order", len(servers), len(endpoints))
	}
	own, err := ReadPair(pair)
	if err != nil {
		return nil, fmt.Errorf("our own key: %w", err)
	}
	k := &Keyring{pair: own, servers: make(map[string]Key)}
	for i, s := range servers {
		key, err := ReadKey(s)
		if err != nil {
			return nil, fmt.Errorf("the server's key: %w", err)
		}
		if len(servers) == 1 {
			k.any = &key
		} else {
			e, err := zmtp.ParseEndpoint(endpoints[i])
			if err != nil {
				return nil, err
			}
			k.servers[e.String()] = key
		}
	}
	return k, nil
}

// Mechanism is that of connections to an endpoint. found is the server's public key in
// Z85, if discovery has found one; a key that was given goes before it. A nil Keyring
// connects without keys, to servers of which none is known.
func (k *Keyring) Mechanism(endpoint zmtp.Endpoint, found string) (zmtp.Mechanism, error) {
	if k == nil {
		if found != "" {
			return nil, fmt.Errorf("the consolidator at %q is to be reached with keys only: make a pair by `sluice keygen NAME`, and give --curve-key NAME.key", endpoint)
		}
		return zmtp.Null, nil
	}
	key, known := k.servers[endpoint.String()]
	switch {
	case known:
	case k.any != nil:
		key = *k.any
	case found != "":
		var err error
		if key, err = ParseKey(found); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("the public key of the consolidator at %q is not known: give it by --curve-server", endpoint)
	}
	return NewClient(k.pair, key), nil
}
