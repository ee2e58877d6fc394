package proxy

import "sync/atomic"

// traffic is what all sessions were sent.
type traffic struct {
	bytes atomic.Uint64
}
